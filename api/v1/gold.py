"""GET /v1/gold/…: reads contracting processes, facts and dimensions of the star."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.auth import SCHEMES, Reader
from api.context import AppContext, Context
from api.openapi import COMMON, answers
from api.requests.parameters import (
    SORT,
    Cursor,
    From,
    Until,
    json_response,
    model_response,
    next_link,
    reject_unknown_parameters,
)
from api.responses.exports import (
    EXPORTS,
    RECORDS,
    Format,
    RecordsFormat,
    export_format,
    package_response,
    wants_records,
)
from api.v1.export_responses import export_response
from api.v1.schemas import Processes, Rows
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS
from domain.star.process_view import ProcessDetail
from domain.star.queries import DIMENSIONS, FACTS, Table
from domain.users.user import User
from services.exports.orders import aggregate_order, rows_order
from services.star.aggregates import AggregateRequest, aggregate_groups
from services.star.processes import SORTS, ProcessFilters, find_processes, get_compiled, get_process, list_processes
from services.star.records import get_record, record_package
from services.star.rows import RowRequest, list_rows

router = APIRouter(prefix="/v1/gold", tags=["gold"], dependencies=SCHEMES, responses=COMMON)
strict = [Depends(reject_unknown_parameters)]
PAGING = {"sort", "cursor", "limit", "format"}
OWN_OF_MART = PAGING | {"fields"}
OWN = OWN_OF_MART | {"updated_since"}
OWN_OF_AGGREGATE = PAGING | {"measure", "by", "having"}
FILTERS = """
Every field of the answer is a filter: `amount=100`, `amount__gte=100`, `amount__lte=100`, `title__prefix=Road`,
`title__like=%bridge%`, `amount__null=true`; so are attributes of dimensions, by role: `currency.code=GBP`,
`buyer.country__in=GB,IE`, `first_published_date.year=2024`; organisations by id or name: `buyer=GB-COH-01234567`.
A repeated filter matches any of its values. In `__like`, `%` is any text and `_` any character, unless a backslash
is before them; case is ignored. In `__in`, a comma followed by a space is part of a value.
An unknown name is refused with a list of the known ones. Surrogate keys are strings, because 63 bits do not fit a
JavaScript number.
"""
MEASURE = (
    "`count` (rows), or FUNCTION:FIELD with sum, avg, min, max, count (rows with a value) or distinct (different "
    "values); several separated by commas or repeated; default: count"
)
BY = "fields to group by, separated by commas: attributes of dimensions by role, or of the fact itself"
HAVING = "conditions on measures of a group: `sum:amount_base__gte=1000000`, `count__lte=3`, `count=1`"
AGGREGATE_SORT = (
    "columns of the answer to sort by, separated by commas, each with a leading '-' for descending; then by the group "
    "fields; missing values come last"
)
UPDATED_SINCE = (
    "changed in gold since this date or instant, also by an exchange rate; what changed a minute before "
    "may be in the answer again"
)
FIELDS = "the fields of each row, by their flat names, separated by commas or repeated; default: all that it shows"
Limit = Annotated[int, Query(ge=1, le=1000, description="largest number of rows in a page")]
Sort = Annotated[str | None, Query(description=SORT, examples=["-amount"], max_length=500)]
Fact = Annotated[str, Path(json_schema_extra={"enum": list(FACTS)})]
Dimension = Annotated[str, Path(json_schema_extra={"enum": list(DIMENSIONS)})]
Ocid = Annotated[
    str,
    Path(description="the contracting process", examples=["ocds-b5fd17-1a2b3c"], max_length=RECORD_ID_MAX_CHARACTERS),
]


@dataclass(kw_only=True)
class RowPaging:
    """The parameters of lists of rows that are no filters."""

    sort: Sort = None
    cursor: Cursor = None
    limit: Limit = 100
    fields: Annotated[list[str], Query(default_factory=list, description=FIELDS, examples=[["ocid,amount,buyer.name"]])]
    form: Format = None


@dataclass(kw_only=True)
class GoldRowPaging(RowPaging):
    """Those of facts and dimensions, whose rows have a time of change."""

    updated_since: Annotated[From | None, Query(description=UPDATED_SINCE)] = None


class ProcessQuery(BaseModel):
    """Query parameters of the list of processes; a repeated filter matches any of its values."""

    buyer: list[str] = Field([], description="the buyer's id, or any name it has had (case-insensitive)")
    supplier: list[str] = Field([], description="the id or name of a supplier of any of its awards")
    procuring_entity: list[str] = Field([], description="the procuring entity's id or name")
    status: list[str] = Field([], description="the tender's status", examples=[["active"]])
    method: list[str] = Field([], description="the procurement method", examples=[["open"]])
    category: list[str] = Field([], description="the main category", examples=[["works"]])
    country: list[str] = Field([], description="the country of delivery")
    region: list[str] = Field([], description="the region of delivery")
    country_code: list[str] = Field([], description="the country of delivery, as ISO 3166-1 alpha-2: GB")
    region_code: list[str] = Field([], description="the region of delivery, as NUTS or ITL code or its start: UKM")
    source: list[str] = Field([], description="the publisher's ocid prefix", examples=[["ocds-b5fd17"]])
    currency: list[str] = Field([], description="the currency of its value", examples=[["GBP"]])
    classification: list[str] = Field(
        [],
        description="a classification code, with or without scheme and check digit, or the beginning of one",
        examples=[["4523"]],
    )
    amount_from: float | None = Field(None, description="smallest value, as published", allow_inf_nan=False)
    amount_to: float | None = Field(None, description="largest value, as published", allow_inf_nan=False)
    published_from: From | None = Field(None, description="last published on or after this date or instant")
    published_to: Until | None = Field(None, description="last published on or before this date or instant")
    updated_since: From | None = Field(None, description=UPDATED_SINCE)
    sort: str | None = Field(
        None, description=f"{SORT}; of {', '.join(SORTS)}; default: -published", examples=["-amount"], max_length=500
    )
    cursor: Cursor = None
    limit: int = Field(50, ge=1, le=1000, description="largest number of processes in a page")
    form: RecordsFormat | None = Field(None, alias="format", description=RECORDS)


@router.get("/processes", dependencies=strict, response_model=Processes)
def processes(request: Request, context: Context, _: Reader, parameters: Annotated[ProcessQuery, Query()]) -> Response:
    """List contracting processes, newest first; or get all of them as an OCDS record package."""
    filters = ProcessFilters(**parameters.model_dump(exclude={"sort", "cursor", "limit", "form"}))
    parts = context.parts
    if wants_records(request, parameters.form):
        ocids = find_processes(parts.warehouse, filters, parameters.sort)
        package = record_package(parts.warehouse, parts.lake, ocids, str(request.url))
        return package_response(parts.exports.write_bytes(package))
    page, following = list_processes(parts.warehouse, filters, parameters.sort, parameters.cursor, parameters.limit)
    return model_response(Processes(items=page, next=next_link(request, following)))


@router.get(
    "/processes/{ocid:path}/compiled", dependencies=strict, response_model=dict[str, Any], responses=answers(404)
)
def compiled(ocid: Ocid, context: Context, _: Reader) -> Response:
    """Get the OCDS compiled release of a process: every published field, also those that the star lacks."""
    return Response(get_compiled(context.parts.warehouse, context.parts.lake, ocid), media_type="application/json")


@router.get("/processes/{ocid:path}/record", dependencies=strict, response_model=dict[str, Any], responses=answers(404))
def record(ocid: Ocid, context: Context, _: Reader) -> Response:
    """Get a process as an OCDS record: its releases as published, its compiled and its versioned release."""
    return Response(get_record(context.parts.warehouse, context.parts.lake, ocid), media_type="application/json")


@router.get("/processes/{ocid:path}", dependencies=strict, responses=answers(404))
def process(ocid: Ocid, context: Context, _: Reader) -> ProcessDetail:
    """Get a contracting process from the star, with its parties, awards, contracts and items."""
    return get_process(context.parts.warehouse, ocid)


@router.get(
    "/facts/{fact}",
    response_model=Rows,
    responses={**answers(404), **EXPORTS},
    description=f"Rows of a fact, with the attributes of their dimensions.\n{FILTERS}",
)
def facts(
    request: Request,
    fact: Fact,
    context: Context,
    user: Reader,
    paging: Annotated[GoldRowPaging, Depends()],
) -> Response:
    """List rows of a fact."""
    return _rows_response(request, context, user, "fact", fact, paging)


@router.get(
    "/facts/{fact}/aggregate",
    response_model=Rows,
    responses={**answers(404), **EXPORTS},
    description=f"Measures of a fact, by groups of its rows.\n{FILTERS}",
)
def aggregates(  # pylint: disable=dangerous-default-value  # FastAPI copies defaults
    request: Request,
    fact: Fact,
    context: Context,
    user: Reader,
    measure: Annotated[list[str], Query(default_factory=list, description=MEASURE, examples=[["sum:amount_base"]])],
    by: Annotated[list[str], Query(default_factory=list, description=BY, examples=[["buyer.country,award_date.year"]])],
    having: Annotated[list[str], Query(default_factory=list, description=HAVING, examples=[["count__gte=2"]])],
    sort: Annotated[str | None, Query(description=AGGREGATE_SORT, examples=["-count"], max_length=500)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
    form: Format = None,
) -> Response:
    """Aggregate a fact: a row for each group, under the names as they were asked for."""
    aggregate = AggregateRequest(fact, measure, by, having, conditions(request, OWN_OF_AGGREGATE), sort)
    warehouse = context.parts.warehouse
    if export := export_format(request, form):
        return export_response(request, context, user, aggregate_order(aggregate, export))
    groups, following = aggregate_groups(warehouse, aggregate, cursor, limit)
    return json_response({"items": groups, "next": next_link(request, following)})


@router.get(
    "/dimensions/{dimension}",
    response_model=Rows,
    responses={**answers(404), **EXPORTS},
    description=f"Rows of a dimension.\n{FILTERS}",
)
def dimensions(
    request: Request,
    dimension: Dimension,
    context: Context,
    user: Reader,
    paging: Annotated[GoldRowPaging, Depends()],
) -> Response:
    """List rows of a dimension."""
    return _rows_response(request, context, user, "dimension", dimension, paging)


def _rows_response(
    request: Request, context: AppContext, user: User, table: Table, name: str, paging: GoldRowPaging
) -> Response:
    row_request = RowRequest(conditions(request), paging.sort, paging.fields, paging.updated_since)
    warehouse = context.parts.warehouse
    if form := export_format(request, paging.form):
        return export_response(request, context, user, rows_order(table, name, row_request, form))
    rows, following = list_rows(warehouse, table, name, row_request, paging.cursor, paging.limit)
    return json_response({"items": rows, "next": next_link(request, following)})


def conditions(request: Request, own: Collection[str] = frozenset(OWN)) -> list[tuple[str, str]]:
    """The query parameters that are filters, not the route's own."""
    return [(name, value) for name, value in request.query_params.multi_items() if name not in own]
