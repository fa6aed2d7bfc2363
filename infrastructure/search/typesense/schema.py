"""A collection's Typesense schema, and documents in its terms.

The fields of the spec stand there as published, to be shown. Beside them, with `_` before their names, stands what Typesense's own types can't
hold: `_document` (what hits return), `_order` (sorts by id), `_words_<field>` (texts as the words that our analyser makes of them, for the server's
own keeps capitals that are not Latin, and takes `d’entretien` for one word), `_codes` (identifiers, whole and by their ends), `_plurals` (the other
number of the words), and `_is_<field>`: keywords as exact numbers, numbers with all their 64 bits, instants in microseconds.
"""

import hashlib
import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.errors import InvalidError
from domain.search import CollectionSpec, Document, FieldSpec
from infrastructure.search.common.analysis import composed, has_digit, indexed_words, whole, words
from infrastructure.search.common.edits import plurals
from infrastructure.search.common.identifiers import is_identifier
from infrastructure.search.embedded.codec import encode
from infrastructure.search.embedded.schema import micros
from infrastructure.search.typesense.names import ID, codes_of, encode_id, exact, ordered, parts_of

LAYOUT = 3  # of this module: raise it when documents are put in another way
DOCUMENT, ORDER, CODES, PLURALS, IS, WORDS = "_document", "_order", "_codes", "_plurals", "_is_", "_words_"
SEPARATORS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
MOST_CODES = 300  # identifiers taken from the texts of a document
MOST_PLURALS = 2_000
CONTROL = 0xF000  # control characters stand in the private-use area: some servers cut a text at the first of them
CHUNK = re.compile(r"\S+")
Json = dict[str, Any]


def schema_hash(spec: CollectionSpec) -> str:
    """Another spec, or another layout of ours, has another hash, and so another collection."""
    return hashlib.sha256(f"{LAYOUT}{spec.model_dump_json()}".encode()).hexdigest()[:12]


def collection_schema(spec: CollectionSpec, name: str) -> Json:
    """The body that creates the collection. ValueError where the spec asks for what can't be done."""
    fields: list[Json] = [
        {"name": DOCUMENT, "type": "string", "index": False, "optional": True},
        {"name": ORDER, "type": "string", "sort": True},
        {"name": CODES, "type": "string[]", "optional": True},
        {"name": PLURALS, "type": "string[]", "optional": True},
        *filter_fields(spec),
    ]
    for field in spec.fields:
        if field.sort and field.many:
            raise ValueError(f"{field.name} has many values: there is no order by it")
        if field.name != ID and field.type in {"text", "keyword"}:
            fields.append({"name": field.name, "type": _many("string", field), "optional": True, "index": field.facet, "facet": field.facet})
        if field.type == "text":
            fields.append({"name": WORDS + field.name, "type": _many("string", field), "optional": True})
    return {"name": name, "fields": fields, "token_separators": SEPARATORS}


def filter_fields(spec: CollectionSpec) -> list[Json]:
    """The exact numbers that filters, orders and groups go by; vectors stand beside copies of them."""
    made = []
    for field in spec.fields:
        if field.name != ID and field.type != "text":
            grouped = field.type == "keyword" and not field.many
            made.append({"name": IS + field.name, "type": _many("int64", field), "optional": True, "facet": grouped, "sort": not field.many})
    return made


def word_fields(spec: CollectionSpec) -> list[str]:
    """The fields in which words are found."""
    return [WORDS + field.name for field in spec.fields if field.type == "text"]


def exact_values(spec: CollectionSpec, document: Document) -> Json:
    """The values of the `_is_` fields. InvalidError where a value isn't of its field's type."""
    found: Json = {}
    for field in spec.fields:
        value = document.get(field.name)
        if field.name == ID or field.type == "text" or value is None:
            continue
        numbers = [number for one in _values(document, field) if (number := _number(document, field, one)) is not None]
        if numbers:
            found[IS + field.name] = list(dict.fromkeys(numbers)) if field.many else numbers[0]
    return found


def to_typesense(spec: CollectionSpec, document: Document) -> Json:
    """The document as it is imported. InvalidError where a value isn't of its field's type."""
    key = document[ID]
    texts, identifiers = _texts(spec, document)
    made: Json = {ID: encode_id(key), DOCUMENT: encode(document).decode(), ORDER: key.encode("utf-8", "surrogatepass").hex()}
    made |= exact_values(spec, document)
    for field in spec.fields:
        if field.name != ID and field.type in {"text", "keyword"} and document.get(field.name) is not None:
            shown = [masked(one) for one in dict.fromkeys(_values(document, field))]
            made[field.name] = shown if field.many else shown[0]
            if field.type == "text":
                found = [" ".join(indexed_words(one)) for one in shown]
                made[WORDS + field.name] = found if field.many else found[0]
    made[CODES] = list(_codes(identifiers, texts))
    made[PLURALS] = sorted({other for word in words(" ".join(texts))[:MOST_PLURALS] for other in plurals(word)})
    return made


def masked(text: str) -> str:
    """The text with its control characters in the private-use area; `unmasked` gives it back."""
    return "".join(chr(CONTROL + ord(one)) if ord(one) < 32 and one not in "\t\n\r" else one for one in composed(text))


def unmasked(text: str) -> str:
    """What `masked` was given, composed."""
    return "".join(chr(ord(one) - CONTROL) if CONTROL <= ord(one) < CONTROL + 32 else one for one in text)


def bound(field: FieldSpec, value: float | datetime) -> int:
    """The end of a range over a number or date, as its `_is_` field holds it."""
    if isinstance(value, datetime) != (field.type == "date"):
        raise InvalidError(f"{field.name} is a {field.type}: {value!r} is none", field=field.name)
    return micros(value) if isinstance(value, datetime) else ordered(float(value))


def _many(type_: str, field: FieldSpec) -> str:
    return f"{type_}[]" if field.many else type_


def _values(document: Document, field: FieldSpec) -> Iterable[Any]:
    value = document[field.name]
    return value if field.many else (value,)


def _number(document: Document, field: FieldSpec, value: Any) -> int | None:
    try:
        if field.type == "keyword":
            return exact(composed(value))
        if field.type == "date":
            return micros(datetime.fromisoformat(value) if isinstance(value, str) else value)
        return None if math.isnan(float(value)) else ordered(float(value))  # would stand inside every range
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidError(f"{field.name} of the search document {document[ID]!r} is no {field.type}: {error}") from error


def _texts(spec: CollectionSpec, document: Document) -> tuple[list[str], list[str]]:
    """All texts of a document, and its keywords that are identifiers."""
    texts: list[str] = []
    identifiers: list[str] = [document[ID]]
    for field in spec.fields:
        if field.name == ID or field.type not in {"text", "keyword"} or document.get(field.name) is None:
            continue
        for one in _values(document, field):
            if not isinstance(one, str):
                raise InvalidError(f"{field.name} of the search document {document[ID]!r} is no {field.type}: {one!r}")
            if field.type == "text":
                texts.append(one)
            elif is_identifier(field.name, one):
                identifiers.append(one)
    return texts, identifiers


def _codes(identifiers: list[str], texts: list[str]) -> dict[str, None]:
    found = dict.fromkeys(code for one in identifiers for code in codes_of(parts_of(whole(one))))
    most = len(found) + MOST_CODES
    for text in texts:
        for chunk in CHUNK.findall(text):
            parts = parts_of(whole(chunk)) if has_digit(chunk) else []
            if len(parts) > 1 and len(found) < most:
                found.update(dict.fromkeys(codes_of(parts)))
    return found
