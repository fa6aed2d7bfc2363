"""Refine: the processes that new batches touch are compiled from all their current releases and flattened into silver.

Single-flight. Handled twice, the second run finds the watermark moved and does nothing; rows of a run that was killed half-way
carry a silver batch that never counts.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import polars as pl

from domain.compile import Source, compile_releases
from domain.flatten import flatten
from domain.job import Watermark
from domain.record import Kind
from domain.silver import TABLES, TABLES_OF, schema
from services.clock import now
from services.ports import Parts
from services.stages.refine_records import refine_records, touched_records
from services.stages.runs import alone, run

KIND = Kind.RELEASES
DOCUMENT = 20  # records that an uploaded file with its pages weighs as much as
RECORDS = 20_000  # raw records that a run takes on at most, unless its first batch alone has more
PROCESSES = 3_000  # compiled at a time
COLUMNS = ["batch", "position", "record_id", "version", "op", "ocid", "date", "payload", "notes", "package"]
Frames = dict[str, pl.DataFrame]


def refine(parts: Parts) -> None:
    """One run over the batches past the watermark; sends publish, and refine again where more is pending."""
    more = run(parts, "refine", lambda work, mark: work.batches.last_committed() > mark.seq, lambda mark: _refine(parts, mark))
    parts.messages.send("publish")
    if more:
        parts.messages.send("refine")


def _refine(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        pending = _take(work.batches.pending(mark.seq), 1 if alone(mark) else None)
    upto = pending[-1].seq
    with parts.warehouse.write() as work:
        silver_batch = work.batches.open_silver(mark.seq, upto, now())
        work.commit()
    of_releases = _holding(pending, KIND)
    ocids = sorted(set(parts.lake.read_bronze(KIND, of_releases, ["batch", "ocid"])["ocid"].drop_nulls()))
    frames = refine_processes(parts, ocids, silver_batch)
    kinds = [kind for kind in TABLES_OF if _holding(pending, kind)]
    for kind in kinds:
        frames |= refine_records(parts, kind, touched_records(parts, kind, _holding(pending, kind)), silver_batch)
    parts.lake.append_silver(silver_batch, frames)
    with parts.warehouse.write() as work:
        work.watermarks.swap(mark, mark.model_copy(update={"seq": upto}), now())
        work.batches.commit_silver(silver_batch, len(ocids), kinds, now())
        work.watermarks.ran("refine", mark.seq, upto, len(ocids), mark.started_at, now())
        work.commit()
        return bool(work.batches.pending(upto))


def _take(pending: Sequence[Any], most: int | None) -> Sequence[Any]:
    """The batches of one run: few enough for memory, and one alone after a failure, to find the one that does harm."""
    records = 0
    for count, batch in enumerate(pending):
        records += batch.records * (DOCUMENT if Kind.DOCUMENTS in batch.kind.split(",") else 1)
        if count and (records > RECORDS or count == most):
            return pending[:count]
    return pending


def _holding(batches: Sequence[Any], kind: Kind) -> list[int]:
    """Those of the batches that hold records of a kind."""
    return [batch.id for batch in batches if kind in batch.kind.split(",")]


def refine_processes(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    """The checked silver rows of the processes as they stand in the catalogue now; tombstones for those without a source."""
    made = [_refine_chunk(parts, ocids[start : start + PROCESSES], silver_batch) for start in range(0, len(ocids), PROCESSES)]
    frames = {name: pl.concat([frames[name] for frames in made if name in frames] or [pl.DataFrame(schema=TABLES[name])]) for name in TABLES}
    return {name: schema(name).validate(frame, lazy=True) for name, frame in frames.items()}


def _refine_chunk(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    with parts.warehouse.read() as work:
        current = work.records.of_ocids(KIND, ocids)
        seqs = work.batches.seqs(sorted({row.batch_id for row in current}))
    rows = pl.DataFrame(
        {"record_id": [r.record_id for r in current], "version": [r.version for r in current], "batch": [r.batch_id for r in current]},
        schema={"record_id": pl.String, "version": pl.Int32, "batch": pl.Int64},
    )
    bronze = parts.lake.read_bronze(KIND, sorted(seqs), COLUMNS, ocids).join(rows, on=["record_id", "version", "batch"], how="inner")
    order = pl.DataFrame({"batch": list(seqs), "seq": list(seqs.values())}, schema={"batch": pl.Int64, "seq": pl.Int64})
    releases = bronze.join(order, on="batch", how="inner").sort("ocid", "date", "seq", "position")
    processes, notes = _compile(releases, silver_batch)
    frames = flatten(processes)
    gone = sorted(set(ocids) - set(processes["ocid"]))
    frames["process"] = pl.concat([frames["process"], _tombstones(gone, silver_batch)])
    frames["note"] = pl.concat([frames["note"], notes]) if "note" in frames else notes
    return frames


def _compile(releases: pl.DataFrame, silver_batch: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compiled processes ready for `flatten`, and the notes on their records."""
    processes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for ocid, rows in _grouped(releases):
        compiled = compile_releases([Source(row["record_id"], row["payload"].encode(), row["date"]) for row in rows])
        package = orjson.loads(next((row["package"] for row in reversed(rows) if row["package"]), "{}"))
        publisher = package.get("publisher")
        processes.append(
            {
                "silver_batch": silver_batch,
                "ocid": ocid,
                "compiled": compiled.release.decode(),
                "releases": len(rows),
                "first_published": rows[0]["date"],
                "last_published": rows[-1]["date"],
                "last_seq": max(row["seq"] for row in rows),
                "tags": ",".join(compiled.tags),
                "publisher": publisher.get("name") if isinstance(publisher, dict) else None,
                "publisher_license": package.get("license") if isinstance(package.get("license"), str) else None,
            }
        )
        for row in rows:
            found = orjson.loads(row["notes"]) if row["notes"] else []
            notes += [{"silver_batch": silver_batch, "ocid": ocid, "record_id": row["record_id"], **note} for note in found]
        notes += [{"silver_batch": silver_batch, "ocid": ocid, "record_id": None, **note.model_dump()} for note in compiled.notes]
    types = {name: TABLES["process"][name] for name in (processes[0] if processes else _PROCESS)}
    return pl.DataFrame(processes, schema=types), pl.DataFrame(notes, schema=TABLES["note"])


_PROCESS = ["silver_batch", "ocid", "compiled", "releases", "first_published", "last_published", "last_seq", "tags", "publisher", "publisher_license"]


def _grouped(releases: pl.DataFrame) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    group: list[dict[str, Any]] = []
    for row in releases.iter_rows(named=True):
        if group and group[0]["ocid"] != row["ocid"]:
            yield group[0]["ocid"], group
            group = []
        group.append(row)
    if group:
        yield group[0]["ocid"], group


def _tombstones(ocids: Sequence[str], silver_batch: int) -> pl.DataFrame:
    named = pl.DataFrame({"ocid": ocids}, schema={"ocid": pl.String})
    rest = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TABLES["process"].items() if name != "ocid"]
    frame = named.with_columns(rest).with_columns(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"), pl.lit(value=True).alias("deleted"))
    return frame.select(list(TABLES["process"]))
