"""Contracting processes for readers: lists, single processes with all their rows, and compiled releases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from domain.shared.errors import NotFoundError, UnavailableError
from domain.star.process_view import Party, Process, ProcessDetail
from domain.star.queries import Condition, Operator, RowQuery, Sort
from services.ports.lake import Lake
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.pages import Page
from services.star.process_views import (
    Row,
    amendment_view,
    award_views,
    bid_views,
    contract_view,
    item_view,
    process_fields,
    transaction_view,
)
from services.star.red_flags import flagged_first, red_flag_view
from services.star.rows import query_rows, text_spellings

NEWEST = "-last_published"
MAX_CHILD_ROWS = 100_000  # rows of one fact per process
# Filter name → field of the star, and operator.
FILTERS: dict[str, tuple[str, Operator]] = {
    "buyer": ("buyer", "named"),
    "supplier": ("supplier", "named"),
    "procuring_entity": ("procuring_entity", "named"),
    "status": ("status.status", "eq"),
    "method": ("procedure.method", "eq"),
    "category": ("procedure.category", "eq"),
    "country": ("location.country", "eq"),
    "region": ("location.region", "eq"),
    "country_code": ("location.country_code", "eq"),
    "region_code": ("location.region_code", "prefix"),
    "source": ("source.prefix", "eq"),
    "currency": ("currency.code", "eq"),
    "classification": ("classification.code", "prefix"),
    "amount_from": ("amount", "gte"),
    "amount_to": ("amount", "lte"),
    "published_from": ("last_published", "gte"),
    "published_to": ("last_published", "lte"),
}
# Facts with one row per element: model of a row, and order.
CHILDREN: dict[str, tuple[Callable[[Row], BaseModel], tuple[str, ...]]] = {
    "contract": (contract_view, ("position", "contract_key")),
    "transaction": (transaction_view, ("parent_position", "position", "transaction_key")),
    "amendment": (amendment_view, ("level", "parent_position", "position")),
    "item": (item_view, ("level", "parent_position", "position")),
}
SORTS = {
    "published": "last_published",
    "first_published": "first_published",
    "amount": "amount",
    "title": "title",
    "deadline": "tender_end",
    "ocid": "ocid",
}


class ProcessFilters(BaseModel):
    """Filters of the list of processes; several values of one filter are alternatives."""

    buyer: Sequence[str] = ()
    supplier: Sequence[str] = ()
    procuring_entity: Sequence[str] = ()
    status: Sequence[str] = ()
    method: Sequence[str] = ()
    category: Sequence[str] = ()
    country: Sequence[str] = ()
    region: Sequence[str] = ()
    country_code: Sequence[str] = ()
    region_code: Sequence[str] = ()
    source: Sequence[str] = ()
    currency: Sequence[str] = ()
    classification: Sequence[str] = ()
    amount_from: float | None = None
    amount_to: float | None = None
    published_from: datetime | None = None
    published_to: datetime | None = Field(default=None)


def list_processes(
    warehouse: Warehouse, filters: ProcessFilters, sort: str | None, cursor: str | None, limit: int
) -> Page[Process]:
    """A page of processes, newest first unless `sort` (fields of SORTS) says otherwise."""
    where = list(_conditions(filters.model_dump()))
    rows, following = query_rows(warehouse, "process", where, _sort(sort), cursor, limit)
    return Page([Process(**process_fields(row)) for row in rows], following)


def get_process(warehouse: Warehouse, ocid: str) -> ProcessDetail:
    """The process with the rows of its facts. NotFoundError for an unknown ocid."""
    with warehouse.read() as work:
        row = _process_row(work, ocid)
        key = int(row["process_key"])
        parts = {
            "parties": [Party(**party) for party in work.star_reader.parties(key)],
            "bids": bid_views(_child_rows(work, "bid", key, "position", "bid_key")),
            "awards": award_views(_child_rows(work, "award", key, "position", "award_key")),
        }
        for fact, (view, order) in CHILDREN.items():
            parts[f"{fact}s"] = [view(child) for child in _child_rows(work, fact, key, *order)]
        flags = sorted(_child_rows(work, "red_flag", key, "red_flag_key"), key=flagged_first)
        parts["red_flags"] = [red_flag_view(flag) for flag in flags]
    return ProcessDetail(**process_fields(row), **parts)


def get_compiled(warehouse: Warehouse, lake: Lake, ocid: str) -> bytes:
    """The process's OCDS compiled release as JSON. NotFoundError for an unknown ocid."""
    with warehouse.read() as work:
        row = _process_row(work, ocid)
    rows = lake.read_silver("process", [row["silver_batch"]], ["compiled"], [ocid])
    if not rows.height:
        raise UnavailableError(f"the compiled release of {ocid} is being rebuilt; try again")
    compiled: str = rows["compiled"][0]
    return compiled.encode()


def _conditions(given: Mapping[str, Any]) -> Iterable[Condition]:
    for name, value in given.items():
        values = (value,) if isinstance(value, float | datetime) else tuple(value or ())
        if values:
            field, operator = FILTERS[name]
            yield Condition(
                field,
                operator,
                values
                if operator in {"gte", "lte"}
                else tuple(item for value in values for item in text_spellings(value)),
            )


def _sort(text: str | None) -> str:
    """The star's names of sort fields; unknown ones are passed on, so that the error names them."""
    if not text:
        return NEWEST
    parts = [(item.strip().startswith("-"), item.strip().removeprefix("-")) for item in text.split(",")]
    return ",".join(("-" if descending else "") + SORTS.get(name, name) for descending, name in parts)


def _process_row(work: ReadUnitOfWork, ocid: str) -> Row:
    rows = work.star_reader.rows(RowQuery("process", (Condition("ocid", "eq", (ocid,)),), limit=1)).rows
    if not rows:
        raise NotFoundError(f"there is no process {ocid}")
    return rows[0]


def _child_rows(work: ReadUnitOfWork, fact: str, process_key: int, *order: str) -> list[Row]:
    query = RowQuery(
        fact,
        (Condition("process_key", "eq", (process_key,)),),
        tuple(Sort(name) for name in order),
        limit=MAX_CHILD_ROWS,
    )
    return work.star_reader.rows(query).rows
