"""The tantivy schema of a collection, and the conversion of documents.

Besides the fields of the spec: `_document` (returned in hits), `_whole` and `_parts` (identifiers, whole and split, in
any case), and `_key` (the id as a number, which its vector is stored under). Dates are integers of microseconds,
because tantivy's dates are cut to seconds.
"""

import hashlib
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import tantivy

from domain.search.queries import CollectionSpec, FieldSpec, SearchDocument
from domain.shared.errors import InvalidError
from domain.shared.surrogate_keys import surrogate_key
from infrastructure.search.common.identifiers import ID, is_identifier, stands_whole
from infrastructure.search.common.text_analysis import WHOLE, WORDS, composed, otherwise_split, pre_tokenized
from infrastructure.search.embedded.document_codec import encode

LAYOUT = 5  # raise it when documents are indexed differently
DOCUMENT, WHOLE_VALUES, PARTS, KEY = "_document", "_whole", "_parts", "_key"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def schema_hash(spec: CollectionSpec) -> str:
    """The name of an index folder: changes with the spec and with LAYOUT."""
    return hashlib.sha256(f"{LAYOUT}{spec.model_dump_json()}".encode()).hexdigest()[:12]


def build_schema(spec: CollectionSpec) -> tantivy.Schema:
    """The schema of a collection. ValueError for a spec that the engine doesn't support."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field(DOCUMENT, stored=True)
    builder.add_text_field(WHOLE_VALUES, tokenizer_name=WHOLE, index_option="basic")
    builder.add_text_field(PARTS, tokenizer_name=WORDS)
    builder.add_integer_field(KEY, indexed=True, fast=True)
    for field in spec.fields:
        if field.name != ID:
            _add_field(builder, field)
    return builder.build()


def _add_field(builder: tantivy.SchemaBuilder, field: FieldSpec) -> None:
    if field.sort and field.many:
        raise ValueError(f"{field.name} has many values and can't be a sort")
    if field.type == "text":
        if field.sort or field.facet:
            raise ValueError(f"The text field {field.name} can't be a facet or a sort: add a keyword field for it")
        builder.add_text_field(field.name, tokenizer_name=WORDS)
    elif field.type == "keyword":
        builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic", fast=field.facet or field.sort)
    elif field.type == "number":
        builder.add_float_field(field.name, indexed=True, fast=True)
    else:
        builder.add_integer_field(field.name, indexed=True, fast=True)


def micros(instant: datetime) -> int:
    """Microseconds since 1970; an instant without a time zone is in UTC."""
    gap = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def to_tantivy(spec: CollectionSpec, document: SearchDocument) -> tantivy.Document:
    """The document for tantivy. InvalidError if a value doesn't have its field's type."""
    converted, name = tantivy.Document(), document[ID]
    converted.add_bytes(DOCUMENT, encode(document))
    converted.add_text(ID, name)
    converted.add_integer(KEY, surrogate_key(name))
    identifiers = {name: True}
    for field in spec.fields:
        value = document.get(field.name)
        if value is None or field.name == ID:
            continue
        try:
            ADD[field.type](converted, field, value if field.many else (value,), identifiers)
        except (TypeError, ValueError) as error:
            raise InvalidError(f"{field.name} of the search document {name!r} is no {field.type}: {error}") from error
    for identifier, whole in identifiers.items():
        if whole:
            converted.add_text(WHOLE_VALUES, composed(identifier))
        _add_words(converted, PARTS, identifier)
    return converted


def _add_texts(converted: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for text in values:
        _add_words(converted, field.name, text)


def _add_words(converted: tantivy.Document, name: str, text: str) -> None:
    if text.isascii():
        converted.add_text(name, text)
    elif otherwise_split(text := composed(text)):
        converted.add_pre_tokenized_text(name, pre_tokenized(text))
    else:
        converted.add_text(name, text)


def _add_keywords(converted: tantivy.Document, field: FieldSpec, values: Iterable[Any], identifiers: dict[str, bool]) -> None:
    for keyword in dict.fromkeys(values):  # facets would count a repeated value twice
        converted.add_text(field.name, keyword)
        if is_identifier(field.name, keyword):
            identifiers[keyword] = identifiers.get(keyword, False) or stands_whole(field.name, keyword)


def _add_numbers(converted: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for number in map(float, values):
        if not math.isnan(number):  # NaN would be inside every range
            converted.add_float(field.name, number)


def _add_dates(converted: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for instant in values:
        converted.add_integer(field.name, micros(datetime.fromisoformat(instant) if isinstance(instant, str) else instant))


ADD: dict[str, Callable[[tantivy.Document, FieldSpec, Iterable[Any], dict[str, bool]], None]] = {
    "text": _add_texts,
    "keyword": _add_keywords,
    "number": _add_numbers,
    "date": _add_dates,
}
