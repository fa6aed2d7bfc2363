"""The fields whose coverage is counted, by the names of OCDS."""

from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import TABLES


@dataclass(frozen=True)
class CoveredField:
    """A field that a process has where a row of the silver `table` has it (`present`).

    `of`: the field without which it can't be there; other processes don't count.
    """

    name: str
    table: str
    present: pl.Expr
    of: str | None = None


def _fields(table: str, columns: dict[str, str], of: str | None = None) -> list[CoveredField]:
    return [CoveredField(name, table, pl.col(column).is_not_null(), of) for name, column in columns.items()]


def _any(name: str, table: str) -> CoveredField:
    return CoveredField(name, table, pl.lit(value=True))


def _organization(name: str, column: str) -> CoveredField:
    return CoveredField(name, "process", pl.col(column).is_not_null() & (pl.col(column) != UNKNOWN))


_PROCESS = {
    "tender.title": "title",
    "tender.description": "description",
    "tender.status": "status",
    "tender.procurementMethod": "procurement_method",
    "tender.mainProcurementCategory": "main_category",
    "tender.value": "amount",
    "tender.tenderPeriod.startDate": "tender_start",
    "tender.tenderPeriod.endDate": "tender_end",
    "tender.numberOfTenderers": "number_of_tenderers",
    "planning.budget": "budget_amount",
    "classification": "classification_id",
    "location.country": "country",
    "location.region": "region",
    "language": "language",
    "publisher": "publisher",
    "license": "publisher_license",
}
_AWARD = {"awards.date": "date", "awards.value": "amount", "awards.status": "status"}
_CONTRACT = {"contracts.dateSigned": "date_signed", "contracts.value": "amount", "contracts.awardID": "award_id"}
_REGISTRY = (
    *_fields("process", _PROCESS),
    _organization("buyer", "buyer_organization_id"),
    _organization("tender.procuringEntity", "procuring_entity_organization_id"),
    CoveredField("parties.identifier", "party", pl.col("identifier").is_not_null()),
    _any("awards", "award"),
    *_fields("award", _AWARD, "awards"),
    CoveredField("awards.suppliers", "award", pl.col("suppliers") > 0, "awards"),
    _any("contracts", "contract"),
    *_fields("contract", _CONTRACT, "contracts"),
    CoveredField(
        "contracts.period", "contract", pl.col("start").is_not_null() & pl.col("end").is_not_null(), "contracts"
    ),
    _any("items", "item"),
    *_fields("item", {"items.classification": "classification_id", "items.quantity": "quantity"}, "items"),
    _any("documents", "document"),
    _any("bids", "bid"),
    _any("contracts.implementation.transactions", "transaction"),
)
# The position of a field is its bit in what gold keeps of each process.
FIELDS: tuple[CoveredField, ...] = tuple(field for field in _REGISTRY if field.table in TABLES)
