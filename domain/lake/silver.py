"""The schemas of the silver tables, and the checks that every frame passes before it is written.

Every row has `silver_batch` (the refine run that wrote it) and `ocid`; the current rows of an ocid are those of its
newest committed batch. A process without sources has one `process` row with `deleted = true` and no others.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from polars.datatypes import DataTypeClass

from domain.raw_records.record import Kind

Columns = dict[str, pl.DataType | DataTypeClass]
ColumnTypes = Mapping[str, pl.DataType | DataTypeClass]  # to read

if TYPE_CHECKING:
    import pandera.polars as pa

INSTANT = pl.Datetime("us", "UTC")
KEYS: Columns = {"silver_batch": pl.Int64, "ocid": pl.String}
CLASSIFIED: Columns = {
    "classification_scheme": pl.String,
    "classification_id": pl.String,
    "classification_description": pl.String,
}
MONEY: Columns = {"amount": pl.Float64, "currency": pl.String}
TABLES: dict[str, Columns] = {
    # One row per contracting process. `compiled` is its OCDS compiled release as JSON, unknown fields included.
    "process": KEYS
    | {
        "deleted": pl.Boolean,
        "compiled": pl.String,
        "releases": pl.Int32,  # number of releases it is compiled from
        "first_published": INSTANT,  # date of its oldest release
        "last_published": INSTANT,  # date of its newest release
        "last_seq": pl.Int64,  # the highest sequence number of its batches
        "tags": pl.String,  # tags of its releases, joined by ',' in order of first appearance
        "language": pl.String,
        "initiation_type": pl.String,
        "publisher": pl.String,
        "publisher_license": pl.String,
        "title": pl.String,
        "description": pl.String,
        "status": pl.String,  # tender.status as published
        "procurement_method": pl.String,
        "procurement_method_details": pl.String,
        "main_category": pl.String,
        "tender_id": pl.String,
        **CLASSIFIED,  # tender.classification, else that of the first item that has one
        **MONEY,  # tender.value
        "min_amount": pl.Float64,
        "min_currency": pl.String,
        "budget_amount": pl.Float64,  # planning.budget.amount
        "budget_currency": pl.String,
        "tender_start": INSTANT,
        "tender_end": INSTANT,
        "award_start": INSTANT,
        "award_end": INSTANT,
        "contract_start": INSTANT,
        "contract_end": INSTANT,
        "number_of_tenderers": pl.Int64,
        "buyer_id": pl.String,  # party ids as in `party`
        "buyer_name": pl.String,
        "buyer_organization_id": pl.String,
        "procuring_entity_id": pl.String,
        "procuring_entity_name": pl.String,
        "procuring_entity_organization_id": pl.String,
        "country": pl.String,  # of the delivery addresses, else of the buyer's address
        "region": pl.String,
        "locality": pl.String,
        "framework": pl.Boolean,  # whether it sets up a framework agreement, whose values are ceilings
    },
    # One row per organisation of the process, in any role; includes those named only by reference (buyer, supplier …).
    "party": KEYS
    | {
        "position": pl.Int32,  # 0-based, in order of appearance
        "party_id": pl.String,  # as published; null where there is none
        "name": pl.String,
        "scheme": pl.String,  # identifier.scheme
        "identifier": pl.String,  # identifier.id
        "legal_name": pl.String,
        "roles": pl.List(pl.String),
        "street": pl.String,
        "locality": pl.String,
        "region": pl.String,
        "postal_code": pl.String,
        "country": pl.String,
        "scale": pl.String,  # details.scale
        "url": pl.String,
        # the business key of dim_organization, see domain/lake/flattening/organization_identity.py
        "organization_id": pl.String,
    },
    # One row per award.
    "award": KEYS
    | {
        "position": pl.Int32,
        "award_id": pl.String,
        "title": pl.String,
        "description": pl.String,
        "status": pl.String,
        "date": INSTANT,
        **MONEY,
        "contract_start": INSTANT,
        "contract_end": INSTANT,
        "suppliers": pl.Int32,  # number of distinct suppliers
    },
    # One row per supplier of an award; none for an award without suppliers.
    "award_supplier": KEYS
    | {
        "award_position": pl.Int32,
        "award_id": pl.String,
        "party_id": pl.String,
        "name": pl.String,
        "organization_id": pl.String,
    },
    # One row per contract.
    "contract": KEYS
    | {
        "position": pl.Int32,
        "contract_id": pl.String,
        "award_id": pl.String,
        "title": pl.String,
        "description": pl.String,
        "status": pl.String,
        "date_signed": INSTANT,
        **MONEY,
        "start": INSTANT,
        "end": INSTANT,
    },
    # One row per bid (the bids extension).
    "bid": KEYS
    | {
        "position": pl.Int32,
        "bid_id": pl.String,
        "status": pl.String,
        "date": INSTANT,
        **MONEY,
        "tenderers": pl.Int32,  # number of distinct tenderers
    },
    # One row per tenderer of a bid; none for a bid without tenderers.
    "bid_tenderer": KEYS
    | {
        "bid_position": pl.Int32,
        "bid_id": pl.String,
        "party_id": pl.String,
        "name": pl.String,
        "organization_id": pl.String,
    },
    # One row per payment of a contract (implementation.transactions).
    "transaction": KEYS
    | {
        "parent_position": pl.Int32,  # position of the contract
        "contract_id": pl.String,
        "position": pl.Int32,
        "transaction_id": pl.String,
        "date": INSTANT,
        **MONEY,
        "payer_organization_id": pl.String,
        "payee_organization_id": pl.String,
        "source": pl.String,
        "url": pl.String,
    },
    # One row per amendment of the tender, of an award or of a contract.
    "amendment": KEYS
    | {
        "level": pl.String,  # tender, award or contract
        "parent_position": pl.Int32,  # position of the award or contract; 0 for the tender
        "parent_id": pl.String,
        "position": pl.Int32,
        "amendment_id": pl.String,
        "date": INSTANT,
        "rationale": pl.String,
        "description": pl.String,
        "amends_release_id": pl.String,
        "release_id": pl.String,
    },
    # One row per item of the tender, of an award or of a contract.
    "item": KEYS
    | {
        "level": pl.String,  # tender, award or contract
        "parent_position": pl.Int32,  # position of the award or contract; 0 for the tender
        "parent_id": pl.String,  # id of the tender, award or contract
        "position": pl.Int32,
        "item_id": pl.String,
        "description": pl.String,
        **CLASSIFIED,
        "quantity": pl.Float64,
        "unit": pl.String,  # unit.name
        "unit_amount": pl.Float64,  # unit.value.amount
        "unit_currency": pl.String,
        "country": pl.String,  # of the first delivery address that has one
        "region": pl.String,
        "locality": pl.String,
        "codes": pl.List(pl.String),  # every classification of the item as 'SCHEME:id', additional ones included
    },
    # One row per document of planning, tender, an award or a contract.
    "document": KEYS
    | {
        "level": pl.String,
        "parent_position": pl.Int32,
        "parent_id": pl.String,
        "position": pl.Int32,
        "document_id": pl.String,
        "type": pl.String,
        "title": pl.String,
        "description": pl.String,
        "url": pl.String,
        "format": pl.String,
        "language": pl.String,
        "date_published": INSTANT,
    },
    # One row per data-quality note: a repair of, or a doubt about, a release or the process.
    "note": KEYS | {"record_id": pl.String, "code": pl.String, "path": pl.String, "message": pl.String},
}
# Tables of the other kinds of records, one row per record: keyed by `record_id`; `deleted` marks a tombstone.
RECORD_KEYS: Columns = {"silver_batch": pl.Int64, "record_id": pl.String, "deleted": pl.Boolean}
RECORD_TABLES: dict[str, Columns] = {
    # Organisations of reference tables; `organization_id` is the business key of dim_organization.
    "organization": RECORD_KEYS
    | {
        "organization_id": pl.String,
        "name": pl.String,
        "legal_name": pl.String,
        "scheme": pl.String,
        "identifier": pl.String,
        "country": pl.String,
        "region": pl.String,
        "locality": pl.String,
        "scale": pl.String,
        "parent_id": pl.String,
        "url": pl.String,
    },
    # 1 `base` = `rate` `currency` on that date.
    "exchange_rate": RECORD_KEYS | {"date": pl.Date, "base": pl.String, "currency": pl.String, "rate": pl.Float64},
    # Codes of reference tables.
    "classification": RECORD_KEYS
    | {"scheme": pl.String, "code": pl.String, "description": pl.String, "parent": pl.String},
    # One row per document file.
    "file": RECORD_KEYS
    | {
        "filename": pl.String,
        "name": pl.String,  # the key by which file names are compared
        "sha256": pl.String,
        "size": pl.Int64,  # bytes
        "media_type": pl.String,
        "title": pl.String,
        "language": pl.String,
        "state": pl.String,  # see domain/document_files/document_file.py
        "reason": pl.String,
        "url": pl.String,
        "ocid": pl.String,  # as the caller gave it
        "claims": pl.String,  # JSON array of {rule, ocid}: candidate links
        "pages": pl.Int32,  # page count of the file; `page` has those that could be read
        "words": pl.Int64,
        "passages": pl.Int32,  # number of its search documents
        "facts": pl.String,  # JSON array
        "metadata": pl.String,  # JSON
        "outline": pl.String,  # JSON array
    },
}
PAGES: dict[str, Columns] = {
    "page": {"silver_batch": pl.Int64, "record_id": pl.String, "page": pl.Int32, "text": pl.String, "tables": pl.String}
}
ALL_TABLES = TABLES | RECORD_TABLES | PAGES
# The tables of each kind of record, first the one with one row per record.
TABLES_BY_KIND = {
    Kind.ORGANIZATIONS: ("organization",),
    Kind.EXCHANGE_RATES: ("exchange_rate",),
    Kind.CLASSIFICATIONS: ("classification",),
    Kind.DOCUMENTS: ("file", "page"),
}
GRAIN = {table: ["record_id"] for table in RECORD_TABLES} | {
    "process": ["ocid"],
    "award": ["ocid", "position"],
    "contract": ["ocid", "position"],
    "party": ["ocid", "position"],
    "bid": ["ocid", "position"],
    "transaction": ["ocid", "parent_position", "position"],
}
REQUIRED = {
    "process": ["silver_batch", "ocid", "deleted"],
    "party": ["silver_batch", "ocid", "position", "organization_id"],
    "award": ["silver_batch", "ocid", "position"],
    "award_supplier": ["silver_batch", "ocid", "award_position", "organization_id"],
    "contract": ["silver_batch", "ocid", "position"],
    "bid": ["silver_batch", "ocid", "position"],
    "bid_tenderer": ["silver_batch", "ocid", "bid_position", "organization_id"],
    "transaction": ["silver_batch", "ocid", "parent_position", "position"],
    "amendment": ["silver_batch", "ocid", "level", "parent_position", "position"],
    "item": ["silver_batch", "ocid", "level", "position"],
    "document": ["silver_batch", "ocid", "level", "position"],
    "note": ["silver_batch", "ocid", "code"],
    "organization": ["silver_batch", "record_id", "deleted"],
    "exchange_rate": ["silver_batch", "record_id", "deleted"],
    "classification": ["silver_batch", "record_id", "deleted"],
    "file": ["silver_batch", "record_id", "deleted"],
    "page": ["silver_batch", "record_id", "page"],
}
LEVELS = ["tender", "award", "contract"]
LEVELLED = {"item", "document", "amendment"}  # tables whose rows are at one of LEVELS, or at `planning`


@cache
def silver_schema(table: str) -> "pa.DataFrameSchema":
    """The pandera schema of a silver table: exact columns and types, required values present, grain unique."""
    import pandera.polars as pa  # imported here: it takes 100 MB, which readers of silver don't need

    checks: dict[str, list[pa.Check]] = {"level": [pa.Check.isin(["planning", *LEVELS])]} if table in LEVELLED else {}
    columns = {
        name: pa.Column(dtype, nullable=name not in REQUIRED[table], checks=checks.get(name, []))
        for name, dtype in ALL_TABLES[table].items()
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=GRAIN.get(table))


def validated(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, if it has the table's schema. pandera's SchemaErrors list all that is wrong."""
    return frame if _conforms(table, frame) else silver_schema(table).validate(frame, lazy=True)


def _conforms(table: str, frame: pl.DataFrame) -> bool:
    """Whether pandera would find nothing wrong, at a tenth of its time."""
    if frame.schema != pl.Schema(ALL_TABLES[table]) or any(frame[name].null_count() for name in REQUIRED[table]):
        return False
    if table in LEVELLED and not frame["level"].is_in(["planning", *LEVELS]).all():
        return False
    return table not in GRAIN or not frame.select(GRAIN[table]).is_duplicated().any()


def tombstones(table: str, ids: Sequence[str], silver_batch: int) -> pl.DataFrame:
    """Rows that mark processes (by ocid) or records (by id) as deleted; the table's other columns are null."""
    columns = ALL_TABLES[table]
    key = "ocid" if table == "process" else "record_id"
    rows = pl.DataFrame({key: ids}, schema={key: pl.String}).with_columns(
        pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"), pl.lit(value=True).alias("deleted")
    )
    return rows.select(
        pl.col(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in columns.items()
    )
