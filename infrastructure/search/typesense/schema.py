"""A collection as Typesense users know it: each field of the spec under its own name and in the server's own type, and
documents in its terms.

Beside them stand the business key under a name of its own (`ocid`, …), `word_forms` (words that the server's analyser
does not make of the texts: the other number of English words, and the words of scripts without blanks or with other
capitals), and `text_hash`
(what a vector must stand for). Dates are microseconds since 1970. What a type can't hold to the last digit lies in
`details`, which is stored and not
indexed.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Collection, CollectionSpec, FieldSpec, SearchDocument
from domain.shared.errors import InvalidError
from infrastructure.search.common.allowed_fields import check_spec, spec_hash
from infrastructure.search.common.document_codec import decode, encode
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.instants import EPOCH, micros
from infrastructure.search.common.text_analysis import all_words, composed, indexed_words
from infrastructure.search.common.word_numbers import other_numbers

LAYOUT = 5  # of this module: raise it when documents are put in another way
KEYS = {Collection.PROCESSES: "ocid", Collection.ORGANIZATIONS: "organization_id", Collection.DOCUMENTS: "passage_id"}
FORMS, TEXT_HASH, DETAILS = "word_forms", "text_hash", "details"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
EXACT_SIGNS = list(PUNCTUATION.replace("`", "").replace("\\", ""))  # a filter can't hold the other two
CONTROL = 0xF000  # control characters stand in the private-use area: some servers cut a text at the first of them
BLANK = re.compile(r"(?<=\S)[\t\r\x0b\x0c]+(?=\S)")  # the server parts words at blanks and line feeds alone
TYPOGRAPHIC = re.compile(r"(?<=\w)[‘’“”–—…]+(?=\w)")  # it drops these signs, and so joins the words that they part
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
MASKS = re.compile("[\uf000-\uf01f]")
LATIN = re.compile("[ !-~\n\u00c0-\u017f]*")
TYPOGRAPHIC_SIGNS = dict.fromkeys(map(ord, "‘’“”–—…"))
ACCENTS = dict.fromkeys(range(0x300, 0x370))
TYPES = {"text": "string", "keyword": "string", "number": "float", "date": "int64"}
Json = dict[str, Any]


def schema_hash(spec: CollectionSpec) -> str:
    """Names the collection."""
    return spec_hash(LAYOUT, spec)


def key_field(spec: CollectionSpec) -> str:
    """The field that holds the business key as it is: the server's own `id` can't have every character."""
    return KEYS[spec.name]


def collection_schema(spec: CollectionSpec, name: str) -> Json:
    """The body that creates the collection. ValueError where the spec asks for what can't be done."""
    check_spec(spec)
    fields: list[Json] = [
        {"name": key_field(spec), "type": "string", "sort": True},
        {"name": FORMS, "type": "string[]", "optional": True},
        *({"name": one, "type": "string", "index": False, "optional": True} for one in (TEXT_HASH, DETAILS)),
        *(_field(field) for field in spec.fields if field.name != ID),
    ]
    return {"name": name, "fields": fields, "token_separators": list(PUNCTUATION)}


def query_by(spec: CollectionSpec) -> dict[str, int]:
    """The fields in which words are found and their weights, the heaviest first: twice those of the spec, and
    identifiers just below the title.
    """
    found = {field.name: max(1, round(2 * field.weight)) for field in spec.fields if field.type == "text"}
    heaviest = max(found.values(), default=2)
    found |= {
        name: max(1, heaviest - 2)
        for name in identifier_fields(spec)
        if not name.endswith("_id") or name == key_field(spec)
    }
    ranked = dict(sorted(found.items(), key=lambda one: -one[1]))
    return ranked | {FORMS: 1}


def identifier_fields(spec: CollectionSpec) -> list[str]:
    """The key, and the keywords that are codes or ids, in which what is typed may be found whole."""
    named = [
        field.name
        for field in spec.fields
        if field.type == "keyword" and (field.name in {"codes", "identifier", "ocid"} or field.name.endswith("_id"))
    ]
    return list(dict.fromkeys([key_field(spec), *named]))


def to_typesense(spec: CollectionSpec, document: SearchDocument) -> Json:
    """The document as it is imported, null where it has no value.

    InvalidError where a value isn't of its field's type.
    """
    key = str(document[ID])
    made: Json = {ID: encode_id(key), key_field(spec): key, TEXT_HASH: embedding_text_hash(spec.name, document)}
    named = {field.name for field in spec.fields}
    details: SearchDocument = {name: value for name, value in document.items() if name not in named}
    texts: list[str] = []
    for field in spec.fields:
        value = document.get(field.name)
        if field.name == ID:
            continue
        made[field.name] = shown = None if value is None else _shown(key, field, value)
        if not _same(shown, value) and (shown is None or not _same(_restored(field, shown), value)):
            details[field.name] = value
        if field.type == "text" and shown is not None:
            texts += shown if field.many else [shown]
    made[FORMS] = _forms(texts) or None
    made[DETAILS] = encode(details).decode() if details else None
    return made


def to_document(spec: CollectionSpec, stored: Json) -> SearchDocument:
    """The document as it was put."""
    found: SearchDocument = {ID: stored[key_field(spec)]}
    found |= {
        field.name: _restored(field, stored[field.name])
        for field in spec.fields
        if field.name != ID and stored.get(field.name) is not None
    }
    return found | (decode(stored[DETAILS].encode()) if stored.get(DETAILS) else {})


def encode_id(key: str) -> str:
    """A business key as an id; every byte that is no ASCII letter, digit, dot or hyphen becomes `_` and two hexadecimal
    digits.
    """
    return re.sub(
        rb"[^A-Za-z0-9.-]", lambda found: b"_%02x" % found[0][0], key.encode("utf-8", "surrogatepass")
    ).decode()


def decode_id(encoded: str) -> str:
    """The business key of an id."""
    return re.sub(rb"_([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), encoded.encode()).decode(
        "utf-8", "surrogatepass"
    )


def masked(text: str) -> str:
    """The text with its control characters in the private-use area; `unmasked` gives it back."""
    if text.isascii() and text.isprintable():
        return text
    return CONTROLS.sub(lambda found: chr(CONTROL + ord(found[0])), composed(text))


def unmasked(text: str) -> str:
    """What `masked` was given, composed."""
    return text if text.isascii() else MASKS.sub(lambda found: chr(ord(found[0]) - CONTROL), text)


def _field(field: FieldSpec) -> Json:
    made: Json = {"name": field.name, "type": TYPES[field.type] + ("[]" if field.many else ""), "optional": True}
    if field.type == "keyword":
        return made | {"facet": field.facet or not field.many, "symbols_to_index": EXACT_SIGNS}  # groups need a facet
    return made | ({"sort": True} if field.sort else {})


def _shown(key: str, field: FieldSpec, value: Any) -> Any:
    """A value as its field takes it; None where a number is none, which would stand inside every range."""
    one = CONVERT[field.type]
    try:
        if not field.many:
            return one(value)
        return [shown for shown in map(one, dict.fromkeys(value)) if shown is not None]
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidError(f"{field.name} of the search document {key!r} is no {field.type}: {error}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r}")
    return masked(value)


def _number(value: Any) -> Any:
    return None if math.isnan(float(value)) else value if isinstance(value, int) else float(value)


CONVERT: dict[str, Callable[[Any], Any]] = {"text": _text, "keyword": _text, "number": _number, "date": micros}


def _restored(field: FieldSpec, shown: Any) -> Any:
    if field.type == "number":
        return shown
    if field.type == "date":
        return (
            EPOCH + timedelta(microseconds=shown)
            if not field.many
            else [EPOCH + timedelta(microseconds=one) for one in shown]
        )
    return list(map(unmasked, shown)) if field.many else unmasked(shown)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _forms(texts: Iterable[str]) -> list[str]:
    """The words that the server does not find in the texts by itself, those of a text in their order."""
    texts = list(texts)
    otherwise = [" ".join(indexed_words(text)) for text in texts if _split_otherwise(text)]
    known = set(all_words("\n".join(text for text in texts if text.isascii()))).union(
        *(all_words(text) for text in texts if not text.isascii())
    )
    numbers = sorted(other_numbers(known))
    return [
        *otherwise,
        *([" ".join(numbers)] if numbers else []),
    ]  # as one value: a value of one word would be an exact match


def _split_otherwise(text: str) -> bool:
    """Whether our analyser makes other words of a text than the server: of all but ASCII and Latin letters with
    accents.
    """
    if text.isascii() and text.isprintable():
        return False
    if BLANK.search(text) is not None:
        return True
    if text.isascii():
        return False
    if TYPOGRAPHIC.search(text) is None:
        text = text.translate(TYPOGRAPHIC_SIGNS)
    return LATIN.fullmatch(text) is None or not unicodedata.normalize("NFD", text).translate(ACCENTS).isascii()
