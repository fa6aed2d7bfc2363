"""Which text of a document, and of a query, stands for its meaning: pure functions, so that every engine and every check takes the same."""

import re
from collections.abc import Sequence
from hashlib import sha256

from domain.search.queries import Collection, SearchDocument

EMBEDDED_MAX_CHARACTERS = 1_500  # characters: more than a model reads
FIELD_MAX_VALUES = 5  # values of a field with many
# The fields that say what a document is about, the telling ones first: what stands last may be cut off.
FIELDS: dict[str, tuple[str, ...]] = {
    "processes": ("title", "classifications", "description", "items", "awards"),
    "organizations": ("name", "names", "locality"),
    "documents": ("title", "text"),
}
EXCLUDED = re.compile(r'(?<!\S)-("[^"]*"|\S+)')


def embedding_text(collection: Collection, document: SearchDocument) -> str:
    """The text to embed: sentences without repetitions; the id where the document says nothing."""
    parts: dict[str, str] = {}
    for name in FIELDS[collection]:
        value = document.get(name)
        for one in _values(value)[:FIELD_MAX_VALUES]:
            parts.setdefault(one.casefold(), one)
    return ". ".join(parts.values())[:EMBEDDED_MAX_CHARACTERS] or str(document["id"])


def text_hash(text: str) -> str:
    """32 hexadecimal digits: the vector is made anew where they change."""
    return sha256(text.encode()).hexdigest()[:32]


def embedding_text_hash(collection: Collection, document: SearchDocument) -> str:
    """The hash that a vector of the document must bear."""
    return text_hash(embedding_text(collection, document))


def query_subject(query: str) -> str:
    """What a query is about: its words, without what it excludes; empty where that is all."""
    return " ".join(EXCLUDED.sub(" ", query.translate(str.maketrans("“”„«»", '"""""'))).replace('"', " ").split())


def _values(value: object) -> Sequence[str]:
    values = value if isinstance(value, list) else [value]
    return [" ".join(one.split()).rstrip(". ") for one in values if isinstance(one, str) and one.strip()]
