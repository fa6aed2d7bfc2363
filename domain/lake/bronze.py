"""The bronze layer's words: one row a version of a raw record, payload as it was accepted."""

from collections.abc import Sequence

import polars as pl

from domain.lake.silver import INSTANT, Columns

BRONZE: Columns = {
    "batch": pl.Int64,  # counts only once the ledger says that this batch is committed
    "position": pl.Int32,  # 0-based in the batch: the order of arrival
    "record_id": pl.String,
    "version": pl.Int32,  # 1 for the first
    "op": pl.String,  # put, delete (a tombstone, without payload) or touch (no record: its process is to be refined anew)
    "ocid": pl.String,
    "date": INSTANT,  # the release's date
    "payload": pl.String,  # JSON
    "notes": pl.String,  # JSON array of domain.raw_records.record.Note, null where there are none
    "package": pl.String,  # JSON of the package's metadata (publisher, license …), null where there is none
    "file": pl.String,
    "sha256": pl.String,  # of the file it came in
    "line": pl.Int64,  # 1-based
    "offset": pl.Int64,  # 0-based, bytes
    "element": pl.String,  # JSON Pointer in the file
}


def touches(batch: int, column: str, touched: Sequence[str]) -> pl.DataFrame:
    """Bronze rows of a batch that adds no record and has these processes (`ocid`) or records (`record_id`) refined anew."""
    rows = pl.DataFrame(
        {"batch": [batch] * len(touched), "position": range(len(touched)), column: touched},
        schema={name: BRONZE[name] for name in ("batch", "position", column)},
    )
    fixed: dict[str, str | int] = {"record_id": "", "version": 0, "op": "touch"}
    rest = [pl.lit(fixed.get(name), dtype=dtype).alias(name) for name, dtype in BRONZE.items() if name not in rows.columns]
    return rows.with_columns(rest).select(list(BRONZE))
