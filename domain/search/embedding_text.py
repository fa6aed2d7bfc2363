"""Texts of documents and queries to embed. Pure, so that all engines and checks use the same."""

import re
from collections.abc import Sequence
from hashlib import sha256

from domain.search.queries import Collection, SearchDocument

EMBEDDED_MAX_CHARACTERS = 1_500  # more than the model reads
FIELD_MAX_VALUES = 5  # per field
# Fields to embed, most descriptive first, since the end of the text may be cut off.
FIELDS: dict[str, tuple[str, ...]] = {
    "processes": ("title", "classifications", "description", "items", "awards"),
    "organizations": ("name", "names", "locality"),
    "documents": ("title", "text"),
}
EXCLUDED = re.compile(r'(?<!\S)-("[^"]*"|\S+)')


def embedding_text(collection: Collection, document: SearchDocument) -> str:
    """The text to embed: distinct values joined into sentences; the id if all fields are empty."""
    parts: dict[str, str] = {}
    for name in FIELDS[collection]:
        value = document.get(name)
        for text in _values(value)[:FIELD_MAX_VALUES]:
            parts.setdefault(text.casefold(), text)
    return ". ".join(parts.values())[:EMBEDDED_MAX_CHARACTERS] or str(document["id"])


def text_hash(text: str) -> str:
    """SHA-256 of the text, 32 hexadecimal digits; the vector is computed again when it changes."""
    return sha256(text.encode()).hexdigest()[:32]


def embedding_text_hash(collection: Collection, document: SearchDocument) -> str:
    """The text hash that a current vector of the document has."""
    return text_hash(embedding_text(collection, document))


def query_subject(query: str) -> str:
    """The words of a query without its exclusions; may be empty."""
    return " ".join(EXCLUDED.sub(" ", query.translate(str.maketrans("“”„«»", '"""""'))).replace('"', " ").split())


def _values(value: object) -> Sequence[str]:
    values = value if isinstance(value, list) else [value]
    return [" ".join(text.split()).rstrip(". ") for text in values if isinstance(text, str) and text.strip()]
