"""The tantivy schema of a collection, and documents in its terms.

Beside the fields of the spec there is `_document` (what hits return), `_whole` and `_parts` (identifiers, whole and in
pieces, in any case), and `_key` (the id as a number, under which its vector is found).
Dates are integers of microseconds, because tantivy's own dates lose everything below the second.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import tantivy

from domain.search.queries import CollectionSpec, FieldSpec, SearchDocument
from domain.shared.errors import InvalidError
from domain.shared.surrogate_keys import surrogate_key
from infrastructure.search.common.allowed_fields import check_spec, spec_hash
from infrastructure.search.common.document_codec import encode
from infrastructure.search.common.identifiers import ID, is_identifier, stands_whole
from infrastructure.search.common.instants import micros
from infrastructure.search.common.text_analysis import WHOLE, WORDS, composed, otherwise_split, pre_tokenized

LAYOUT = 5  # of this module: raise it when documents are indexed in another way
DOCUMENT, WHOLE_VALUES, PARTS, KEY = "_document", "_whole", "_parts", "_key"


def schema_hash(spec: CollectionSpec) -> str:
    """Names the folder of an index."""
    return spec_hash(LAYOUT, spec)


def build_schema(spec: CollectionSpec) -> tantivy.Schema:
    """The schema of a collection. ValueError where the spec asks for what the engine can't do."""
    check_spec(spec)
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
    if field.type == "text":
        builder.add_text_field(field.name, tokenizer_name=WORDS)
    elif field.type == "keyword":
        builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic", fast=field.facet or field.sort)
    elif field.type == "number":
        builder.add_float_field(field.name, indexed=True, fast=True)
    else:
        builder.add_integer_field(field.name, indexed=True, fast=True)


def to_tantivy(spec: CollectionSpec, document: SearchDocument) -> tantivy.Document:
    """The document as tantivy takes it. InvalidError where a value isn't of its field's type."""
    made, name = tantivy.Document(), document[ID]
    made.add_bytes(DOCUMENT, encode(document))
    made.add_text(ID, name)
    made.add_integer(KEY, surrogate_key(name))
    identifiers = {name: True}
    for field in spec.fields:
        value = document.get(field.name)
        if value is None or field.name == ID:
            continue
        try:
            ADD[field.type](made, field, value if field.many else (value,), identifiers)
        except (TypeError, ValueError) as error:
            raise InvalidError(f"{field.name} of the search document {name!r} is no {field.type}: {error}") from error
    for identifier, whole in identifiers.items():
        if whole:
            made.add_text(WHOLE_VALUES, composed(identifier))
        _add_words(made, PARTS, identifier)
    return made


def _add_texts(made: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for text in values:
        _add_words(made, field.name, text)


def _add_words(made: tantivy.Document, name: str, text: str) -> None:
    if text.isascii():
        made.add_text(name, text)
    elif otherwise_split(text := composed(text)):
        made.add_pre_tokenized_text(name, pre_tokenized(text))
    else:
        made.add_text(name, text)


def _add_keywords(
    made: tantivy.Document, field: FieldSpec, values: Iterable[Any], identifiers: dict[str, bool]
) -> None:
    for keyword in dict.fromkeys(values):  # a value said twice would count twice in facets
        made.add_text(field.name, keyword)
        if is_identifier(field.name, keyword):
            identifiers[keyword] = identifiers.get(keyword, False) or stands_whole(field.name, keyword)


def _add_numbers(made: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for number in map(float, values):
        if not math.isnan(number):  # would stand inside every range
            made.add_float(field.name, number)


def _add_dates(made: tantivy.Document, field: FieldSpec, values: Iterable[Any], _: dict[str, bool]) -> None:
    for instant in values:
        made.add_integer(field.name, micros(instant))


ADD: dict[str, Callable[[tantivy.Document, FieldSpec, Iterable[Any], dict[str, bool]], None]] = {
    "text": _add_texts,
    "keyword": _add_keywords,
    "number": _add_numbers,
    "date": _add_dates,
}
