"""Document files as rows of gold. Pure."""

from datetime import datetime

import polars as pl

from domain.shared.surrogate_keys import with_key

SILVER_ONLY = ["deleted", "ocid", "claims", "metadata", "outline"]
CLAIM = pl.List(pl.Struct({"rule": pl.String, "ocid": pl.String}))


def document_rows(files: pl.DataFrame, updated_at: datetime) -> pl.DataFrame:
    """Return rows of fact_document, without links, from silver `file`."""
    keyed = with_key(files, "document_key", [pl.lit("document"), "record_id"])
    return keyed.drop(SILVER_ONLY).with_columns(pl.lit(updated_at).alias("updated_at"))


def claim_rows(files: pl.DataFrame) -> pl.DataFrame:
    """Return rows of document_claim from silver `file`."""
    claims = files.select("record_id", pl.col("claims").str.json_decode(CLAIM)).explode("claims").drop_nulls("claims")
    return with_key(claims.unnest("claims"), "process_key", ["ocid"])
