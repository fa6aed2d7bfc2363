"""The tantivy schema of a collection, and documents in its terms.

Beside the fields of the spec there is `_document` (what hits return), `_whole` and `_parts` (identifiers, whole and in pieces, in any case),
and `_key` (the id as a number, under which its vector is found).
Dates are integers of microseconds, because tantivy's own dates lose everything below the second.
"""

import hashlib
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import tantivy

from domain.errors import InvalidError
from domain.keys import surrogate
from domain.search import CollectionSpec, Document, FieldSpec
from infrastructure.search.embedded.analysis import WHOLE, WORDS, composed, has_digit
from infrastructure.search.embedded.codec import encode

LAYOUT = 4  # of this module: raise it when documents are indexed in another way
ID, DOCUMENT, WHOLE_VALUES, PARTS, KEY = "id", "_document", "_whole", "_parts", "_key"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 200  # characters of an identifier; longer keywords are found by filter only


def schema_hash(spec: CollectionSpec) -> str:
    """Names the folder of an index: another spec, or another layout of ours, has another hash."""
    return hashlib.sha256(f"{LAYOUT}{spec.model_dump_json()}".encode()).hexdigest()[:12]


def build_schema(spec: CollectionSpec) -> tantivy.Schema:
    """The schema of a collection. ValueError where the spec asks for what the engine can't do."""
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
        raise ValueError(f"{field.name} has many values: there is no order by it")
    if field.type == "text":
        if field.sort or field.facet:
            raise ValueError(f"The text field {field.name} can't be a facet or a sort: add a keyword beside it")
        builder.add_text_field(field.name, tokenizer_name=WORDS)
    elif field.type == "keyword":
        builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic", fast=field.facet or field.sort)
    elif field.type == "number":
        builder.add_float_field(field.name, indexed=True, fast=True)
    else:
        builder.add_integer_field(field.name, indexed=True, fast=True)


def micros(instant: datetime) -> int:
    """Microseconds since 1970; an instant without zone is taken as UTC."""
    gap = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def to_tantivy(spec: CollectionSpec, document: Document) -> tantivy.Document:
    """The document as tantivy takes it. InvalidError where a value isn't of its field's type."""
    made = tantivy.Document()
    made.add_bytes(DOCUMENT, encode(document))
    identifiers = [document[ID]]
    made.add_text(ID, document[ID])
    made.add_integer(KEY, surrogate(document[ID]))
    for field in spec.fields:
        if field.name != ID and document.get(field.name) is not None:
            try:
                _add_values(made, field, document[field.name], identifiers)
            except (TypeError, ValueError) as error:
                raise InvalidError(f"{field.name} of the search document {document[ID]!r} is no {field.type}: {error}") from error
    for identifier in dict.fromkeys(identifiers):
        made.add_text(WHOLE_VALUES, composed(identifier))
        made.add_text(PARTS, composed(identifier))
    return made


def _add_values(made: tantivy.Document, field: FieldSpec, value: Any, identifiers: list[str]) -> None:
    values: Iterable[Any] = value if field.many else (value,)
    if field.type == "text":
        for text in values:
            made.add_text(field.name, composed(text))
    elif field.type == "keyword":
        for keyword in dict.fromkeys(values):  # a value said twice would count twice in facets
            made.add_text(field.name, keyword)
            if len(keyword) <= LONGEST_ID and has_digit(keyword):
                identifiers.append(keyword)
    elif field.type == "number":
        for number in map(float, values):
            if not math.isnan(number):  # would stand inside every range
                made.add_float(field.name, number)
    else:
        for instant in values:
            made.add_integer(field.name, micros(datetime.fromisoformat(instant) if isinstance(instant, str) else instant))
