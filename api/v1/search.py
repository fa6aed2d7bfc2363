"""GET /v1/search and /v1/search/suggest."""

from dataclasses import fields
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.auth import READER, SCHEMES
from api.context import Context
from api.openapi import COMMON, answers
from api.requests.parameters import From, Until, model_response, reject_unknown_parameters
from api.responses.exports import RECORDS, RecordsFormat, package_response, wants_records
from api.v1.schemas import Suggestions
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS
from domain.search.queries import QUERY_CHARACTERS, Collection, Mode, SearchResult
from services.search import searching as searches
from services.star.records import record_package

router = APIRouter(
    prefix="/v1/search",
    tags=["search"],
    dependencies=[*SCHEMES, READER, Depends(reject_unknown_parameters)],
    responses=COMMON,
)
ANY = "any of the values, repeated or separated by commas"
WORDS = (
    'words; typing errors are tolerated, the last word may be incomplete; "a phrase", -excluded; empty: everything; '
    f"the first {QUERY_CHARACTERS:,} characters are searched; the answer's `notes` list words that were ignored"
)
MODES = "by word, by meaning, or by both; without vectors a search falls back to words, which the answer's `mode` shows"

UPDATED_SINCE = (
    "changed in gold since this date or instant, as `updated_at` says; what changed a minute before may be found again"
)


class SearchParameters(BaseModel):
    """Query parameters of a search. A comma followed by a space is part of a value."""

    q: str = Field("", description=WORDS, examples=["road works"])
    collection: Collection = Field(Collection.PROCESSES, description="where to search")
    mode: Mode = Field(Mode.HYBRID, description=MODES)
    similar_to: str | None = Field(
        None,
        max_length=RECORD_ID_MAX_CHARACTERS,
        description="finds documents similar to the one with this id (404 if unknown); with `q`, both count",
    )
    semantic_weight: float = Field(
        0.5, ge=0, le=1, description="hybrid only: weight of the rank by meaning against that by word"
    )
    buyer: list[str] = Field([], description=f"the buyer's name: {ANY}")
    buyer_id: list[str] = Field([], description=f"the buyer's id: {ANY}")
    supplier: list[str] = Field([], description=f"a supplier's name: {ANY}")
    supplier_id: list[str] = Field([], description=f"a supplier's id: {ANY}")
    category: list[str] = Field([], description=f"the main category: {ANY}", examples=[["works"]])
    classification: list[str] = Field(
        [],
        description=f"CPV divisions (two digits) or whole codes, with or without scheme and check digit: {ANY}",
        examples=[["45"]],
    )
    country: list[str] = Field([], description=f"the country: {ANY}")
    region: list[str] = Field([], description=f"the region: {ANY}")
    method: list[str] = Field([], description=f"the procurement method: {ANY}", examples=[["open"]])
    status: list[str] = Field([], description=f"the tender's status: {ANY}", examples=[["active"]])
    source: list[str] = Field([], description=f"the publisher: {ANY}")
    currency: list[str] = Field([], description=f"the currency: {ANY}")
    role: list[str] = Field([], description=f"organisations only, the role they appear in: {ANY}")
    scheme: list[str] = Field([], description=f"organisations only, the scheme of their identifier: {ANY}")
    ocid: list[str] = Field([], description=f"documents only, their contracting process: {ANY}")
    document_id: list[str] = Field([], description=f"documents only, the file: {ANY}")
    state: list[str] = Field([], description=f"documents only, the state of the file: {ANY}", examples=[["text"]])
    value_from: float | None = Field(None, allow_inf_nan=False, description="smallest value, as published")
    value_to: float | None = Field(None, allow_inf_nan=False, description="largest value, as published")
    published_from: From | None = Field(None, description="last published on or after this date or instant")
    published_to: Until | None = Field(None, description="last published on or before this date or instant")
    updated_since: From | None = Field(None, description=UPDATED_SINCE)
    facet_by: list[str] = Field([], description=f"fields to count by value: {ANY}", examples=[["buyer,category"]])
    sort: str | None = Field(
        None,
        max_length=100,
        description="relevance, or a field, with a leading '-' for descending",
        examples=["-published"],
    )
    group_by: str | None = Field(
        None,
        max_length=100,
        description="groups hits by this field, with the best hits of each value; pages then count groups",
        examples=["buyer"],
    )
    group_limit: int = Field(3, ge=1, le=99, description="largest number of hits in a group")
    explain: bool = Field(False, description="adds to each hit its matched words and its similarity in meaning")
    include: list[str] = Field([], description="`gold`: adds to each hit its row of gold", examples=[["gold"]])
    page: int = Field(1, ge=1, le=100_000, description="1 is the first")
    per_page: int = Field(10, ge=1, le=100, description="largest number of hits in a page")
    form: RecordsFormat | None = Field(None, alias="format", description=RECORDS)

    def to_request(self) -> searches.SearchRequest:
        """The parameters as the service's request."""
        return searches.SearchRequest(
            text=self.q,
            values={name: getattr(self, name) for name in VALUES},
            ranges={"value": (self.value_from, self.value_to), "published": (self.published_from, self.published_to)},
            **{name: getattr(self, name) for name in SAME},
        )


VALUES = [
    name
    for name, field in SearchParameters.model_fields.items()
    if field.annotation == list[str] and name not in {"facet_by", "include"}
]
SAME = [one.name for one in fields(searches.SearchRequest) if one.name in SearchParameters.model_fields]


@router.get("", response_model=SearchResult, responses=answers(404))
def search(request: Request, context: Context, parameters: Annotated[SearchParameters, Query()]) -> Response:
    """Find contracting processes, organisations or passages of uploaded documents, narrowed by filters, with facets and
    highlights.

    Highlighted text is HTML-escaped, with the matched words in `<mark>`.
    """
    parts = context.parts
    if wants_records(request, parameters.form):
        ocids = searches.find_processes(parts, parameters.to_request())
        package = record_package(parts.warehouse, parts.lake, ocids, str(request.url))
        return package_response(parts.exports.write_bytes(package))
    return model_response(searches.search(parts, parameters.to_request()))


class SuggestParameters(BaseModel):
    """Query parameters of suggestions."""

    q: str = Field(description="the text typed so far", examples=["road w"])
    collection: Collection = Field(Collection.PROCESSES, description="where to search")
    limit: int = Field(10, ge=1, le=50, description="largest number of completions")


@router.get("/suggest", response_model=Suggestions)
def suggest(context: Context, parameters: Annotated[SuggestParameters, Query()]) -> Response:
    """Complete the text that a user is typing."""
    return model_response(
        Suggestions(items=searches.suggest(context.parts.search, parameters.collection, parameters.q, parameters.limit))
    )
