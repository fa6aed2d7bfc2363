"""The schema of the bronze layer: one row per version of a raw record, with its accepted payload."""

from collections.abc import Sequence

import polars as pl

from domain.lake.silver import INSTANT, Columns

BRONZE: Columns = {
    "batch": pl.Int64,  # valid once the ledger has committed this batch
    "position": pl.Int32,  # 0-based in the batch, in order of arrival
    "record_id": pl.String,
    "version": pl.Int32,  # 1 for the first
    "op": pl.String,  # put, delete (tombstone without payload) or touch (no record: refine its process again)
    "ocid": pl.String,
    "date": INSTANT,  # the release's date
    "payload": pl.String,  # JSON
    "notes": pl.String,  # JSON array of domain.raw_records.record.Note, or null
    "package": pl.String,  # JSON of the package's metadata (publisher, license …), or null
    "file": pl.String,
    "sha256": pl.String,  # of the stored file
    "line": pl.Int64,  # 1-based
    "offset": pl.Int64,  # 0-based, bytes
    "element": pl.String,  # JSON Pointer in the file
}


def touches(batch: int, column: str, touched: Sequence[str]) -> pl.DataFrame:
    """Bronze rows that add no record: they make these processes (`ocid`) or records (`record_id`) refined again."""
    rows = pl.DataFrame(
        {"batch": [batch] * len(touched), "position": range(len(touched)), column: touched},
        schema={name: BRONZE[name] for name in ("batch", "position", column)},
    )
    fixed: dict[str, str | int] = {"record_id": "", "version": 0, "op": "touch"}
    rest = [
        pl.lit(fixed.get(name), dtype=dtype).alias(name) for name, dtype in BRONZE.items() if name not in rows.columns
    ]
    return rows.with_columns(rest).select(list(BRONZE))
