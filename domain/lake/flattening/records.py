"""Flattens records that are not releases: their validated JSON becomes the columns of silver tables. Pure."""

import polars as pl

from domain.lake.flattening.document_files import document_rows
from domain.lake.silver import RECORD_TABLES, TABLES_BY_KIND
from domain.raw_records.record import Kind
from domain.shared.whitespace import tidy_columns

Frames = dict[str, pl.DataFrame]


def flatten_records(kind: Kind, records: pl.DataFrame, silver_batch: int) -> Frames:
    """Return the silver tables of `records` (record_id, ocid and payload as JSON) of one kind."""
    if kind is Kind.DOCUMENTS:
        return document_rows(records.select("record_id", "payload").iter_rows(), silver_batch)
    (table,) = TABLES_BY_KIND[kind]
    fields = {
        name: dtype
        for name, dtype in RECORD_TABLES[table].items()
        if name not in {"silver_batch", "record_id", "deleted"}
    }
    # The id of an organisation record is its business key; gold calls it organization_id.
    said = {name: {"organization_id": "id"}.get(name, name) for name in fields}
    types = pl.Struct({said[name]: pl.String if dtype == pl.Date else dtype for name, dtype in fields.items()})
    decoded = records.with_columns(pl.col("payload").str.json_decode(types).alias("_"))
    columns = [_field(said[name], dtype).alias(name) for name, dtype in fields.items()]
    frame = decoded.select(
        pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"),
        "record_id",
        pl.lit(value=False).alias("deleted"),
        *columns,
    )
    texts = [name for name, dtype in fields.items() if dtype == pl.String]
    return {table: tidy_columns(frame, texts).select(list(RECORD_TABLES[table]))}


def _field(name: str, dtype: object) -> pl.Expr:
    value = pl.col("_").struct.field(name)
    return value.str.to_date("%Y-%m-%d") if dtype == pl.Date else value
