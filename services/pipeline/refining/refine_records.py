"""Refine, for the kinds of records that are no releases: the current version of each touched record becomes its silver rows."""

from collections.abc import Sequence

import polars as pl

from domain.lake.flattening.records import flatten_records
from domain.lake.silver import ALL_TABLES, RECORD_TABLES, TABLES_BY_KIND, silver_schema
from domain.raw_records.record import Kind
from services.ports.parts import Parts

COLUMNS = ["batch", "record_id", "version", "ocid", "payload"]
CHUNK_RECORDS = 20_000  # turned into rows at a time
CHUNK_DOCUMENT_FILES = 500  # the same, for files with all their pages
Frames = dict[str, pl.DataFrame]


def touched_records(parts: Parts, kind: Kind, batches: Sequence[int]) -> list[str]:
    """The records that these batches hold a version or a touch of, in order."""
    return sorted(set(parts.lake.read_bronze(kind, batches, ["record_id"])["record_id"]))


def refine_records(parts: Parts, kind: Kind, record_ids: Sequence[str], silver_batch: int) -> Frames:
    """The checked silver rows of the records as they stand in the catalogue now; tombstones for those that ended or never were."""
    most = CHUNK_DOCUMENT_FILES if kind is Kind.DOCUMENTS else CHUNK_RECORDS
    made = [_refine_chunk(parts, kind, record_ids[start : start + most], silver_batch) for start in range(0, len(record_ids), most)]
    frames = {name: pl.concat([frames[name] for frames in made]) if made else pl.DataFrame(schema=ALL_TABLES[name]) for name in TABLES_BY_KIND[kind]}
    return {name: silver_schema(name).validate(frame, lazy=True) for name, frame in frames.items()}


def _refine_chunk(parts: Parts, kind: Kind, record_ids: Sequence[str], silver_batch: int) -> Frames:
    with parts.warehouse.read() as work:
        current = [row for row in work.record_catalogue.current(kind, record_ids).values() if not row.deleted]
        counted = work.batches.seqs(sorted({row.batch_id for row in current}))
    wanted = pl.DataFrame(
        {"record_id": [r.record_id for r in current], "version": [r.version for r in current], "batch": [r.batch_id for r in current]},
        schema={"record_id": pl.String, "version": pl.Int32, "batch": pl.Int64},
    )
    bronze = parts.lake.read_bronze(kind, sorted(counted), COLUMNS, record_ids=record_ids)
    standing = bronze.join(wanted, on=["record_id", "version", "batch"], how="inner").sort("record_id")
    frames = flatten_records(kind, standing, silver_batch)
    main = TABLES_BY_KIND[kind][0]
    gone = sorted(set(record_ids) - set(standing["record_id"]))
    frames[main] = pl.concat([frames[main], tombstones(main, gone, silver_batch)])
    return frames


def tombstones(table: str, record_ids: Sequence[str], silver_batch: int) -> pl.DataFrame:
    """Rows that say of each record that it is no more."""
    types = RECORD_TABLES[table]
    named = pl.DataFrame({"record_id": record_ids}, schema={"record_id": pl.String})
    rest = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in types.items() if name != "record_id"]
    frame = named.with_columns(rest).with_columns(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"), pl.lit(value=True).alias("deleted"))
    return frame.select(list(types))
