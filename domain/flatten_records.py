"""Records that are no releases as silver rows: their JSON, already judged, becomes the columns of their tables. Pure."""

import polars as pl

from domain.record import Kind
from domain.silver import ALL_TABLES, RECORD_TABLES, TABLES_OF

Frames = dict[str, pl.DataFrame]


def flatten_records(kind: Kind, records: pl.DataFrame, silver_batch: int) -> Frames:
    """The silver tables of `records` (record_id, ocid and payload as JSON) of one kind."""
    if kind is Kind.DOCUMENTS:
        return _documents(records, silver_batch)
    (table,) = TABLES_OF[kind]
    fields = {name: dtype for name, dtype in RECORD_TABLES[table].items() if name not in {"silver_batch", "record_id", "deleted"}}
    # The id of an organization's record is its business key, under the name that gold has for it.
    said = {name: {"organization_id": "id"}.get(name, name) for name in fields}
    types = pl.Struct({said[name]: pl.String if dtype == pl.Date else dtype for name, dtype in fields.items()})
    decoded = records.with_columns(pl.col("payload").str.json_decode(types).alias("_"))
    columns = [_field(said[name], dtype).alias(name) for name, dtype in fields.items()]
    frame = decoded.select(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"), "record_id", pl.lit(value=False).alias("deleted"), *columns)
    return {table: frame.select(list(RECORD_TABLES[table]))}


def _field(name: str, dtype: object) -> pl.Expr:
    value = pl.col("_").struct.field(name)
    return value.str.to_date("%Y-%m-%d") if dtype == pl.Date else value


def _documents(records: pl.DataFrame, silver_batch: int) -> Frames:
    types = pl.Struct({"filename": pl.String, "pages": pl.List(pl.Struct({"page": pl.Int32, "text": pl.String}))})
    decoded = records.with_columns(pl.col("payload").str.json_decode(types).alias("_"), pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"))
    file = decoded.select("silver_batch", "record_id", pl.lit(value=False).alias("deleted"), "ocid", pl.col("_").struct.field("filename"))
    pages = decoded.select("silver_batch", "record_id", pl.col("_").struct.field("pages")).explode("pages").unnest("pages").drop_nulls("page")
    pages = pages.with_columns(pl.lit(None, dtype=pl.String).alias("tables"))
    return {"file": file.select(list(RECORD_TABLES["file"])), "page": pages.select(list(ALL_TABLES["page"]))}
