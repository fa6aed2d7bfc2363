"""Refine for kinds of records other than releases: current versions of changed records become silver rows."""

from collections.abc import Sequence

import polars as pl

from domain.lake.flattening.records import flatten_records
from domain.lake.silver import ALL_TABLES, TABLES_BY_KIND, tombstones, validated
from domain.raw_records.record import Kind
from services.lake.bronze_versions import only_versions
from services.ports.parts import Parts

COLUMNS = ["batch", "record_id", "version", "ocid", "payload"]
CHUNK_RECORDS = 20_000  # records flattened at a time
CHUNK_DOCUMENT_FILES = 500  # document files, with their pages, flattened at a time
Frames = dict[str, pl.DataFrame]


def touched_records(parts: Parts, kind: Kind, batches: Sequence[int]) -> list[str]:
    """The ids of records with a version or a touch in these batches, in order."""
    return sorted(set(parts.lake.read_bronze(kind, batches, ["record_id"])["record_id"]))


def refine_records(parts: Parts, kind: Kind, record_ids: Sequence[str], silver_batch: int) -> Frames:
    """The validated silver rows of the records' current versions; tombstones for deleted or unknown records."""
    chunk_rows = CHUNK_DOCUMENT_FILES if kind is Kind.DOCUMENTS else CHUNK_RECORDS
    made = [
        _refine_chunk(parts, kind, record_ids[start : start + chunk_rows], silver_batch)
        for start in range(0, len(record_ids), chunk_rows)
    ]
    frames = {
        name: pl.concat([frames[name] for frames in made]) if made else pl.DataFrame(schema=ALL_TABLES[name])
        for name in TABLES_BY_KIND[kind]
    }
    return {name: validated(name, frame) for name, frame in frames.items()}


def _refine_chunk(parts: Parts, kind: Kind, record_ids: Sequence[str], silver_batch: int) -> Frames:
    with parts.warehouse.read() as work:
        current = [row for row in work.record_catalogue.current(kind, record_ids).values() if not row.deleted]
        counted = work.batches.seqs(sorted({row.batch_id for row in current}))
    bronze = parts.lake.read_bronze(kind, sorted(counted), COLUMNS, record_ids=record_ids)
    current_rows = only_versions(bronze, current).sort("record_id")
    frames = flatten_records(kind, current_rows, silver_batch)
    main = TABLES_BY_KIND[kind][0]
    deleted = sorted(set(record_ids) - set(current_rows["record_id"]))
    frames[main] = pl.concat([frames[main], tombstones(main, deleted, silver_batch)])
    return frames
