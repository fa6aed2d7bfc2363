"""Queries and results of search, independent of the engine."""

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field

SearchDocument = dict[str, Any]
QUERY_CHARACTERS = 1_000  # longest searched query text; the rest is ignored
MAX_HIT_POSITION = 10_000  # last hit that paging can reach


class Collection(StrEnum):
    """The searchable collections; ids are gold's business keys."""

    PROCESSES = "processes"
    ORGANIZATIONS = "organizations"
    DOCUMENTS = "documents"


class Mode(StrEnum):
    """How documents are found: by words, by vector, or by both with fused ranks."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


FieldType = Literal["text", "keyword", "number", "date"]


class FieldSpec(BaseModel):
    """One field of a collection's documents.

    `text` is tokenised and searched with `weight`; `keyword` is matched whole; `number` is a float; `date` is an
    instant in UTC. `many`: the value is a list. A missing value is absent from the document.
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

    @cached_property
    def by_name(self) -> dict[str, FieldSpec]:
        """The fields by their names."""
        return {field.name: field for field in self.fields}


class Filter(BaseModel):
    """One condition: any of `values` (keyword), or a closed range from `gte` to `lte` (number, date)."""

    field: str
    values: tuple[str, ...] = ()
    gte: float | datetime | None = None
    lte: float | datetime | None = None


class SearchQuery(BaseModel):
    """One search. An empty `text` matches all. `sort` is a sortable field, with a leading '-' for descending, or None
    for relevance.

    `vector` is the embedding of the text by the engine's active model; without it, `semantic` and `hybrid` search by
    word. `similar_to` is the id of a document whose vector is used instead; that document is not a hit.
    `semantic_weight` is the weight of the vector rank in the fusion. `group_by` is a keyword field; each of its values
    shows `group_limit` hits. `strict` requires every word, as typed, in an inflected form or as a synonym: no
    correction, completion or relaxation.
    """

    collection: Collection = Collection.PROCESSES
    text: str = ""
    filters: tuple[Filter, ...] = ()
    facet_by: tuple[str, ...] = ()
    facet_size: int = Field(default=10, ge=1, le=100)
    sort: str | None = None
    page: int = Field(default=1, ge=1)
    per_page: int = Field(default=10, ge=1, le=100)
    mode: Mode = Mode.KEYWORD
    vector: tuple[float, ...] | None = None
    similar_to: str | None = None
    semantic_weight: float = Field(default=0.5, ge=0, le=1)
    group_by: str | None = None
    group_limit: int = Field(default=3, ge=1, le=99)
    explain: bool = False
    strict: bool = False


class Explanation(BaseModel):
    """Why a document was found. Ranks begin at 1; None if not found that way. `similarity` is the cosine, -1 to 1."""

    words: dict[str, list[str]] = Field({}, description="the matched words of each field")
    keyword_rank: int | None = None
    keyword_score: float | None = None
    semantic_rank: int | None = None
    similarity: float | None = None
    model: str | None = None


class Hit(BaseModel):
    """A found document.

    `highlights` maps a field to its text with matched words in <mark>…</mark>, all else HTML-escaped.

    `group` is its value of the `group_by` field.
    """

    id: str
    score: float
    document: SearchDocument
    highlights: dict[str, str] = {}
    explain: Explanation | None = None
    group: str | None = None
    gold: dict[str, Any] | None = Field(None, description="its row in gold, with `include=gold`")


class FacetValue(BaseModel):
    """A field value and the number of matching documents with it."""

    value: str
    count: int


class SearchResult(BaseModel):
    """The answer to a `SearchQuery`. `found` counts all matches, not only those of the page.

    `mode` is how they were found.

    A search by vector matches the nearest neighbours within the filters; `found` and `facets` then count these and the
    matches by word.
    """

    found: int
    page: int
    per_page: int
    took_ms: float
    hits: list[Hit]
    facets: dict[str, list[FacetValue]] = {}
    mode: Mode = Mode.KEYWORD
    warning: str | None = Field(None, description="why the search mode differs from the requested one")
    notes: list[str] = Field([], description="parts of `q` that were ignored, with the reason: too long, or no words")


class Synonym(BaseModel):
    """Words that find each other.

    With `root`, one way: a search for the root also finds `words`, but not vice versa.
    """

    id: str
    words: tuple[str, ...]
    root: str | None = None


class SearchKey(BaseModel):
    """Access of a browser to the search server. By collection: its name there, and the fields to query."""

    key: str
    url: str
    expires_at: datetime
    collections: dict[Collection, str]
    query_by: dict[Collection, str]
