"""Rows of facts as the models of a contracting process."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import quote

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.star.process_view import (
    Amendment,
    Award,
    Bid,
    Classification,
    Contract,
    Item,
    Location,
    Organization,
    Process,
    ProcessCounts,
    Source,
    Supplier,
    Transaction,
    field_names,
)

Row = dict[str, Any]


def process_fields(row: Row) -> dict[str, Any]:
    """The fields of Process from a row of fact_process."""
    procedure, path = row["procedure"], f"/v1/gold/processes/{quote(row['ocid'], safe='')}"
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
        "links": {"self": path, "compiled": f"{path}/compiled"},
    }


def _organization(row: Row) -> Organization | None:
    if row["organization_id"] in {None, UNKNOWN}:
        return None
    return Organization(
        id=row["organization_id"], **{name: row[name] for name in ("name", "country", "region", "locality")}
    )


def _classification(row: Row) -> Classification:
    return Classification(**{name: row["classification"][name] for name in field_names(Classification)})


def award_views(rows: Iterable[Row]) -> list[Award]:
    """Awards from rows of fact_award in order of position."""
    awards = []
    for shares, suppliers in _shared(rows, "supplier"):
        first = shares[0]
        fields = {
            "date": first["award_date"],
            "amount": first["award_amount"],
            "status": first["status"]["status"],
            "currency": first["currency"]["code"],
        }
        awards.append(
            Award(**{name: first[name] for name in ("award_id", "title", "description")}, **fields, suppliers=suppliers)
        )
    return awards


def contract_view(row: Row) -> Contract:
    """A contract from its row."""
    same = {name: row[name] for name in field_names(Contract) if name not in {"status", "currency"}}
    return Contract(**same, status=row["status"]["status"], currency=row["currency"]["code"])


def item_view(row: Row) -> Item:
    """An item from its row."""
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


def bid_views(rows: Iterable[Row]) -> list[Bid]:
    """Bids from rows of fact_bid in order of position."""
    return [
        Bid(
            bid_id=shares[0]["bid_id"],
            status=shares[0]["status"]["status"],
            date=shares[0]["bid_date"],
            amount=shares[0]["bid_amount"],
            currency=shares[0]["currency"]["code"],
            tenderers=tenderers,
        )
        for shares, tenderers in _shared(rows, "tenderer")
    ]


def transaction_view(row: Row) -> Transaction:
    """A payment from its row."""
    same = ("transaction_id", "contract_id", "amount", "amount_base", "data_source", "url")
    organizations = {role: _organization(row[role]) for role in ("payer", "payee")}
    return Transaction(
        **{name: row[name] for name in same},
        **organizations,
        date=row["transaction_date"],
        currency=row["currency"]["code"],
    )


def amendment_view(row: Row) -> Amendment:
    """An amendment from its row."""
    fields = {name: row[name] for name in field_names(Amendment) if name != "date"}
    return Amendment(**fields, date=row["amendment_date"])


def _shared(rows: Iterable[Row], role: str) -> Iterator[tuple[list[Row], list[Supplier]]]:
    """The rows of each position, with their organisations and shares, by name."""
    for _, group in groupby(rows, key=lambda row: row["position"]):
        shares = list(group)
        named = [(_organization(row[role]), row["amount"]) for row in shares]
        members = [Supplier(**one.model_dump(), amount=amount) for one, amount in named if one]
        yield shares, sorted(members, key=lambda one: (one.name or "", one.id or ""))
