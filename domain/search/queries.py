"""What a search asks and what it answers, whichever engine stands behind it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

SearchDocument = dict[str, Any]
QUERY_CHARACTERS = 1_000  # of what is typed that are searched


class Collection(StrEnum):
    """The searchable collections; ids are gold's business keys."""

    PROCESSES = "processes"
    ORGANIZATIONS = "organizations"
    DOCUMENTS = "documents"


class Mode(StrEnum):
    """How a search finds: by its words, by its meaning, or by both, their ranks fused."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


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
    """One search. An empty `text` matches all. `sort` is a sortable field, with a leading '-' for descending, or None for relevance.

    `vector` is the meaning of the text, made by the model that the engine answers with (`SearchEngine.serving`); without one, `semantic` and
    `hybrid` find by word. `similar_to` is the id of a document whose own vector takes its place; that document is not among the hits.
    `semantic_weight` is the share of meaning in the fused rank. `group_by` is a keyword field, of which each value shows its best `group_limit` hits.
    `strict` finds what has every word as it is written, in one of its forms, or a synonym: nothing is corrected, completed or left out.
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
    """Why a document was found: ranks begin at 1, None where it was not found that way; `similarity` is the cosine, -1 to 1."""

    words: dict[str, list[str]] = Field({}, description="the words of each field that matched")
    keyword_rank: int | None = None
    keyword_score: float | None = None
    semantic_rank: int | None = None
    similarity: float | None = None
    model: str | None = None


class Hit(BaseModel):
    """A document found: `highlights` maps a field to its text with the matched words in <mark>…</mark>, everything else HTML-escaped.

    `group` is its value of the field that hits are grouped by.
    """

    id: str
    score: float
    document: SearchDocument
    highlights: dict[str, str] = {}
    explain: Explanation | None = None
    group: str | None = None
    gold: dict[str, Any] | None = Field(None, description="its row in gold, where `include=gold` asked for it")


class FacetValue(BaseModel):
    """A value and the number of matching documents that have it."""

    value: str
    count: int


class SearchResult(BaseModel):
    """The answer to a `SearchQuery`; `found` counts all matches, not only this page's. `mode` is how they were found.

    By meaning, the matches are the nearest neighbours within the filters; `found` and `facets` then count these, and those found by word.
    """

    found: int
    page: int
    per_page: int
    took_ms: float
    hits: list[Hit]
    facets: dict[str, list[FacetValue]] = {}
    mode: Mode = Mode.KEYWORD
    warning: str | None = Field(None, description="why the hits were found in another way than was asked for")
    notes: list[str] = Field([], description="what of `q` was not searched, and why: too much of it, or nothing that is a word")


class Synonym(BaseModel):
    """Words that find each other. With `root`, one way: who searches the root finds `words` too, and not the other way round."""

    id: str
    words: tuple[str, ...]
    root: str | None = None


class SearchKey(BaseModel):
    """What a browser needs to search a server itself: `collections` maps our names to the server's, `query_by` each of ours to what to ask."""

    key: str
    url: str
    expires_at: datetime
    collections: dict[Collection, str]
    query_by: dict[Collection, str]
