"""The tantivy schema of a collection, and its documents."""

import hashlib
from datetime import datetime
from typing import Any

import orjson
import tantivy

from domain.search import CollectionSpec, Document
from infrastructure.search.words import fold, split

ANALYZER = "folded"
LAYOUT = "2"  # part of the hash: raised when documents are laid out anew under the same spec
EXACT = "_exact"
STORED = "_document"


def schema_hash(spec: CollectionSpec) -> str:
    """Twelve characters that change with anything that makes old indexes unreadable."""
    return hashlib.sha256(f"{LAYOUT}{spec.model_dump_json()}".encode()).hexdigest()[:12]


def make_schema(spec: CollectionSpec) -> tantivy.Schema:
    """Text fields by word, keywords whole, numbers and dates as columns, and the document itself as stored bytes."""
    builder = tantivy.SchemaBuilder()
    for field in spec.fields:
        if field.type == "text":
            builder.add_text_field(field.name, tokenizer_name=ANALYZER, index_option="position")
        elif field.type == "keyword":
            builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic", fast=True)
        elif field.type == "number":
            builder.add_float_field(field.name, indexed=True, fast=True)
        else:
            builder.add_date_field(field.name, indexed=True, fast=True)
    builder.add_text_field(EXACT, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(STORED, stored=True)
    return builder.build()


def register(index: tantivy.Index) -> None:
    """The analyzer of text fields: words that `split` has folded already."""
    index.register_tokenizer(ANALYZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.remove_long(200)).build())


def to_tantivy(spec: CollectionSpec, document: Document) -> tantivy.Document:
    """The document as tantivy takes it; ValueError for fields that the spec has not."""
    unknown = document.keys() - {field.name for field in spec.fields}
    if unknown:
        raise ValueError(f"{spec.name} documents have no field {', '.join(sorted(unknown))}")
    made = tantivy.Document()
    for field in spec.fields:
        value = document.get(field.name)
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if field.type == "text":
                made.add_text(field.name, " ".join(split(str(one))))
            elif field.type == "keyword":
                made.add_text(field.name, str(one))
                made.add_text(EXACT, fold(str(one)))
            elif field.type == "number":
                made.add_float(field.name, float(one))
            else:
                made.add_date(field.name, one)
    made.add_bytes(STORED, orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z))
    return made


def from_stored(spec: CollectionSpec, stored: Any) -> Document:
    """The document as it was put in."""
    document: Document = orjson.loads(bytes(stored))
    for field in spec.fields:
        if field.type == "date" and field.name in document:
            document[field.name] = datetime.fromisoformat(document[field.name])
    return document
