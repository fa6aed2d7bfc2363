"""Contracting processes for readers: lists, single processes with all their rows, and compiled releases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from pydantic import BaseModel, Field

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lineage.links import lineage_link, process_link, quality_link
from domain.shared.errors import NotFoundError, UnavailableError
from domain.star.process_view import (
    Award,
    Classification,
    Contract,
    Item,
    Location,
    Organization,
    Party,
    Process,
    ProcessCounts,
    ProcessDetail,
    Source,
    Supplier,
    field_names,
)
from domain.star.queries import Condition, Operator, RowQuery, Sort
from services.ports.lake import Lake
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.pages import Page
from services.star.notes import process_notes
from services.star.rows import query_rows, text_spellings

Row = dict[str, Any]
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
    "source": ("source.prefix", "eq"),
    "currency": ("currency.code", "eq"),
    "classification": ("classification.code", "prefix"),
    "amount_from": ("amount", "gte"),
    "amount_to": ("amount", "lte"),
    "published_from": ("last_published", "gte"),
    "published_to": ("last_published", "lte"),
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
    return Page([Process(**_process(row)) for row in rows], following)


def get_process(warehouse: Warehouse, ocid: str) -> ProcessDetail:
    """The process with its parties, awards, contracts and items. NotFoundError for an unknown ocid."""
    with warehouse.read() as work:
        row = _process_row(work, ocid)
        key = int(row["process_key"])
        parties = [Party(**party) for party in work.star_reader.parties(key)]
        awards = _awards(_child_rows(work, "award", key, "position", "award_key"))
        contracts = [_contract(item) for item in _child_rows(work, "contract", key, "position", "contract_key")]
        items = [_item(item) for item in _child_rows(work, "item", key, "level", "parent_position", "position")]
        notes = process_notes(work, key)
    return ProcessDetail(**_process(row), parties=parties, awards=awards, contracts=contracts, items=items, notes=notes)


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


def _process(row: Row) -> dict[str, Any]:
    procedure, path = row["procedure"], process_link(row["ocid"])
    same = {
        name: row[name] for name in field_names(Process) if name in row and name not in {"status", "currency", "tags"}
    }
    return same | {
        "status": row["status"]["status"],
        "method": procedure["method"],
        "method_details": procedure["details"],
        "category": procedure["category"],
        "buyer": _organization(row["buyer"]),
        "procuring_entity": _organization(row["procuring_entity"]),
        "source": Source(**row["source"]),
        "classification": _classification(row),
        "location": Location(**row["location"]),
        "currency": row["currency"]["code"],
        "tags": row["tags"].split(",") if row["tags"] else [],
        "counts": ProcessCounts(**{name: row[name] for name in field_names(ProcessCounts)}),
        "links": {
            "self": path,
            "compiled": f"{path}/compiled",
            "lineage": lineage_link(row["ocid"]),
            "quality": quality_link(row["ocid"]),
        },
    }


def _organization(row: Row) -> Organization | None:
    if row["organization_id"] in {None, UNKNOWN}:
        return None
    return Organization(
        id=row["organization_id"], **{name: row[name] for name in ("name", "country", "region", "locality")}
    )


def _classification(row: Row) -> Classification:
    return Classification(**{name: row["classification"][name] for name in field_names(Classification)})


def _awards(rows: Iterable[Row]) -> list[Award]:
    awards = []
    for _, group in groupby(rows, key=lambda row: row["position"]):
        shares = list(group)
        first = shares[0]
        named = [(_organization(row["supplier"]), row["amount"]) for row in shares]
        suppliers = [Supplier(**supplier.model_dump(), amount=amount) for supplier, amount in named if supplier]
        fields = {
            "date": first["award_date"],
            "amount": first["award_amount"],
            "status": first["status"]["status"],
            "currency": first["currency"]["code"],
        }
        suppliers.sort(key=lambda supplier: (supplier.name or "", supplier.id or ""))
        awards.append(
            Award(**{name: first[name] for name in ("award_id", "title", "description")}, **fields, suppliers=suppliers)
        )
    return awards


def _contract(row: Row) -> Contract:
    same = {name: row[name] for name in field_names(Contract) if name not in {"status", "currency"}}
    return Contract(**same, status=row["status"]["status"], currency=row["currency"]["code"])


def _item(row: Row) -> Item:
    same = {
        name: row[name] for name in ("item_id", "level", "parent_id", "description", "quantity", "unit", "unit_amount")
    }
    codes = row["codes"].split(" ") if row["codes"] else []
    return Item(
        **same,
        classification=_classification(row),
        codes=codes,
        location=Location(**row["location"]),
        unit_currency=row["unit_currency"]["code"],
    )
