"""What a search asks and what it answers, whichever engine stands behind it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

Document = dict[str, Any]


class Collection(StrEnum):
    """The searchable collections; ids are gold's business keys."""

    PROCESSES = "processes"
    ORGANIZATIONS = "organizations"


FieldType = Literal["text", "keyword", "number", "date"]


class FieldSpec(BaseModel):
    """One field of a collection's documents.

    `text` is tokenised and searched by word with `weight`; `keyword` is matched whole; `number` is a float;
    `date` is an instant in UTC. `many` says that the value is a list. A missing value is absent from the document.
    """

    name: str
    type: FieldType
    many: bool = False
    facet: bool = False
    sort: bool = False
    weight: float = 1.0


class CollectionSpec(BaseModel):
    """The fields of a collection; engines derive their schema, and its hash, from it."""

    name: Collection
    fields: tuple[FieldSpec, ...]


class Filter(BaseModel):
    """One condition: any of `values` (keyword), or a closed range from `gte` to `lte` (number, date)."""

    field: str
    values: tuple[str, ...] = ()
    gte: float | datetime | None = None
    lte: float | datetime | None = None


class SearchQuery(BaseModel):
    """One search. An empty `text` matches all. `sort` is a sortable field, with a leading '-' for descending, or None for relevance."""

    collection: Collection = Collection.PROCESSES
    text: str = ""
    filters: tuple[Filter, ...] = ()
    facet_by: tuple[str, ...] = ()
    facet_size: int = Field(default=10, ge=1, le=100)
    sort: str | None = None
    page: int = Field(default=1, ge=1)
    per_page: int = Field(default=10, ge=1, le=100)


class Hit(BaseModel):
    """A document found: `highlights` maps a field to its text with the matched words in <mark>…</mark>, everything else HTML-escaped."""

    id: str
    score: float
    document: Document
    highlights: dict[str, str] = {}


class FacetValue(BaseModel):
    """A value and the number of matching documents that have it."""

    value: str
    count: int


class SearchResult(BaseModel):
    """The answer to a `SearchQuery`; `found` counts all matches, not only this page's."""

    found: int
    page: int
    per_page: int
    took_ms: float
    hits: list[Hit]
    facets: dict[str, list[FacetValue]] = {}
