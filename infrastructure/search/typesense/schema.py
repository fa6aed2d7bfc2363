"""A collection's schema and documents on the server: each field of the spec under its own name and in a native type.

Beside them are the business key (`ocid`, …), `word_forms` (words that the server's tokeniser does not produce: singular
and plural, scripts without spaces, other capitals), `text_hash` (the text that a vector must have) and `details`
(values that their type does not hold exactly). Dates are microseconds since 1970.
"""

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Collection, CollectionSpec, FieldSpec, SearchDocument
from domain.shared.errors import InvalidError
from infrastructure.search.common.allowed_fields import check_spec, spec_hash
from infrastructure.search.common.document_codec import decode, encode
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.instants import EPOCH, micros
from infrastructure.search.common.singular_and_plural import other_numbers
from infrastructure.search.common.text_analysis import all_words, composed, indexed_words

LAYOUT = 7  # of this module: raise it when documents are indexed differently
KEYS = {Collection.PROCESSES: "ocid", Collection.ORGANIZATIONS: "organization_id", Collection.DOCUMENTS: "passage_id"}
FORMS, TEXT_HASH, DETAILS = "word_forms", "text_hash", "details"
TYPES = {"text": "string", "keyword": "string", "number": "float", "date": "int64"}
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
EXACT_SIGNS = list(PUNCTUATION.replace("`", "").replace("\\", ""))  # a filter can't hold the other two
UNSAFE_BYTE = re.compile(rb"[^A-Za-z0-9.-]")  # in an id
MASK = 0xF000  # added to control characters: servers cut texts at the first one
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
MASKED = re.compile("[\uf000-\uf008\uf00b\uf00c\uf00e-\uf01f]")
# Texts that the server splits as `text_analysis` does: ASCII, accented Latin letters. It drops the other signs and
# blanks, which is the same only beside a blank or a sign
SPLIT_ALIKE = re.compile(
    "(?:[ -~\nÀ-ÅÇ-ÏÑ-ÖÙ-Ýà-åç-ïñ-öù-ýÿ-ďĒ-ĥĨ-İĴ-ķĹ-ľŃ-ňŌ-őŔ-ťŨ-ž]++|(?<!\\w)[‘’“”–—…\t\r]++|[‘’“”–—…\t\r]++(?!\\w))*+"
)
Json = dict[str, Any]


def schema_hash(spec: CollectionSpec) -> str:
    """Part of the collection's name."""
    return spec_hash(LAYOUT, spec)


def key_field(spec: CollectionSpec) -> str:
    """The field with the business key as it is: the server's own `id` is restricted in its characters."""
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
    """The searched fields and their weights, the heaviest first: twice the spec's; identifiers just below the title."""
    weights = {field.name: max(1, round(2 * field.weight)) for field in spec.fields if field.type == "text"}
    heaviest = max(weights.values(), default=2)
    shown = [name for name in identifier_fields(spec) if not name.endswith("_id") or name == key_field(spec)]
    weights |= dict.fromkeys(shown, max(1, heaviest - 2))
    return dict(sorted(weights.items(), key=lambda one: -one[1])) | {FORMS: 1}


def identifier_fields(spec: CollectionSpec) -> list[str]:
    """The business key, and the keywords that are codes or ids."""
    keywords = [field.name for field in spec.fields if field.type == "keyword"]
    named = [name for name in keywords if name in {"codes", "identifier", "ocid"} or name.endswith("_id")]
    return list(dict.fromkeys([key_field(spec), *named]))


def document_fields(spec: CollectionSpec) -> str:
    """What `to_document` needs, as `include_fields`."""
    return ",".join([ID, key_field(spec), DETAILS, *(field.name for field in spec.fields if field.name != ID)])


def to_typesense(spec: CollectionSpec, document: SearchDocument) -> Json:
    """The document as it is imported, null for missing values. InvalidError for a value of another type."""
    key = str(document[ID])
    made: Json = dict.fromkeys(spec.by_name)
    details: SearchDocument = {}
    texts: list[str] = []
    for name, value in document.items():
        field = spec.by_name.get(name)
        if field is None:
            details[name] = value
            continue
        if value is None or name == ID:
            continue
        made[name] = shown = _shown(key, field, value)
        if shown is not value and not _equal(shown, value) and not _equal(_restored(field, shown), value):
            details[name] = value
        if field.type == "text":
            texts += shown if field.many else [shown]
    made |= {ID: encode_id(key), key_field(spec): key, TEXT_HASH: embedding_text_hash(spec.name, document)}
    return made | {FORMS: _forms(texts) or None, DETAILS: encode(details).decode() if details else None}


def to_document(spec: CollectionSpec, stored: Json) -> SearchDocument:
    """The document as it was written."""
    values = {field.name: _restored(field, stored[field.name]) for field in spec.fields if field.name in stored}
    details = decode(stored[DETAILS].encode()) if stored.get(DETAILS) else {}
    return {ID: stored[key_field(spec)]} | {name: value for name, value in values.items() if name != ID} | details


def encode_id(key: str) -> str:
    """The business key as an id: `_` and two hexadecimal digits for all but ASCII letters, digits, dot and hyphen."""
    raw = key.encode("utf-8", "surrogatepass")
    return UNSAFE_BYTE.sub(lambda found: b"_%02x" % found[0][0], raw).decode()


def decode_id(encoded: str) -> str:
    """The business key of an id."""
    raw = re.sub(rb"_([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), encoded.encode())
    return raw.decode("utf-8", "surrogatepass")


def masked(text: str) -> str:
    """The text, composed, with control characters moved to the private-use area; `unmasked` reverses that."""
    return text if _is_plain(text) else CONTROLS.sub(lambda one: chr(MASK + ord(one[0])), composed(text))


def unmasked(text: str) -> str:
    """See `masked`."""
    return text if text.isascii() else MASKED.sub(lambda one: chr(ord(one[0]) - MASK), text)


def _field(field: FieldSpec) -> Json:
    made: Json = {"name": field.name, "type": TYPES[field.type] + ("[]" if field.many else ""), "optional": True}
    if field.type == "keyword":
        return made | {"facet": field.facet or not field.many, "symbols_to_index": EXACT_SIGNS}  # groups need a facet
    return made | ({"sort": True} if field.sort else {})


def _shown(key: str, field: FieldSpec, value: Any) -> Any:
    """The value, or the distinct values of a list, as the server holds them; None for NaN, which is in every range."""
    try:
        if field.type in {"text", "keyword"} and _is_plain("".join(value) if field.many else value):
            return list(dict.fromkeys(value)) if field.many else value
        values = list(dict.fromkeys(value)) if field.many else [value]
        if field.type == "date":
            values = list(map(micros, values))
        elif field.type == "number":
            numbers = (one if isinstance(one, int) else float(one) for one in values)
            values = [one for one in numbers if not math.isnan(one)]
        else:
            values = list(map(masked, values))
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidError(f"{field.name} of the search document {key!r} is no {field.type}: {error}") from error
    return values if field.many else next(iter(values), None)


def _restored(field: FieldSpec, shown: Any) -> Any:
    if isinstance(shown, list):
        return [_restored(field, one) for one in shown]
    if field.type == "date":
        return EPOCH + timedelta(microseconds=shown)
    return shown if field.type == "number" else unmasked(shown)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _forms(texts: Sequence[str]) -> list[str]:
    """The words that the server does not find in the texts, in the order of each text."""
    ascii_ones = "\n".join(text for text in texts if text.isascii())
    known = set(all_words(ascii_ones)).union(*(all_words(text) for text in texts if not text.isascii()))
    numbers = " ".join(sorted(other_numbers(known)))  # as one value: a value of one word would be an exact match
    return [
        *(" ".join(indexed_words(text)) for text in texts if not _splits_alike(text)),
        *([numbers] if numbers else []),
    ]


def _splits_alike(text: str) -> bool:
    return _is_plain(text) or SPLIT_ALIKE.fullmatch(text) is not None
