"""What the tables of the lake are. Those of the warehouse are described by their classes."""

from collections.abc import Mapping
from typing import NamedTuple


class TableText(NamedTuple):
    """One sentence on a table, and what one row of it is."""

    description: str
    grain: str


BRONZE = "Raw records as they came in, with their place in the uploaded file; every version is kept"
BRONZE_GRAIN = "a version of a raw record"
# Descriptions of the columns of bronze, which have no other source.
BRONZE_COLUMNS: Mapping[str, str] = {
    "batch": "the batch of the log; its rows count once the ledger has committed it",
    "position": "0-based, in order of arrival",
    "record_id": "id of the raw record",
    "version": "1 for the first",
    "op": "put, delete (tombstone), or touch (refine the process again)",
    "ocid": "the contracting process",
    "date": "the release's date",
    "payload": "the record as JSON",
    "notes": "repairs and doubts, as a JSON array",
    "package": "metadata of its package as JSON",
    "file": "name of the file",
    "sha256": "SHA-256 of the stored file",
    "line": "1-based",
    "offset": "0-based, in bytes",
    "element": "JSON Pointer in the file",
}
SILVER: Mapping[str, TableText] = {
    "process": TableText("Contracting processes, compiled from their releases", "a contracting process"),
    "party": TableText(
        "Organisations of processes, those that are only referred to included", "process × organisation"
    ),
    "award": TableText("Awards", "an award"),
    "award_supplier": TableText("Suppliers of awards", "award × supplier"),
    "contract": TableText("Contracts", "a contract"),
    "item": TableText("Items of tenders, awards and contracts", "an item"),
    "document": TableText("Documents that processes refer to", "a document of planning, tender, award or contract"),
    "note": TableText("Repairs of, and doubts about, the data of processes", "a note"),
    "bid": TableText("Bids", "a bid"),
    "bid_tenderer": TableText("Tenderers of bids", "bid × tenderer"),
    "transaction": TableText("Payments of contracts", "a transaction"),
    "amendment": TableText("Amendments of tenders, awards and contracts", "an amendment"),
    "organization": TableText("Organisations of reference tables", "an organisation record"),
    "exchange_rate": TableText("Exchange rates", "base × currency × day"),
    "classification": TableText("Codes of reference tables", "scheme × code"),
    "file": TableText("Uploaded document files", "a document file"),
    "page": TableText("Texts of document files by page", "file × page"),
}
