"""Refine: the processes that new batches touch are compiled from all their current releases and flattened into silver.

Single-flight. Handled twice, the second run finds the watermark moved and does nothing; rows of a run that was killed half-way
carry a silver batch that never counts.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import orjson
import polars as pl

from domain.lake.flattening.processes import flatten
from domain.lake.silver import TABLES, TABLES_BY_KIND, silver_schema
from domain.ocds.merging.compiled_release import ReleaseSource, compile_releases
from domain.ocds.merging.superseded import superseded_note, without_superseded
from domain.pipeline.batch import CommittedBatch
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from services.pipeline.refining.refine_records import refine_records, touched_records
from services.pipeline.stage_runner import run_stage, takes_single_batch
from services.ports.parts import Parts
from services.shared.clock import now

KIND = Kind.RELEASES
ROUNDED_NUMBER_MARK = '"code":"rounded_number"'  # in the notes of a record that has numbers of more digits than 64 bits hold
DOCUMENT_FILE_WEIGHT_RECORDS = 20  # records that an uploaded file with its pages weighs as much as
RUN_MAX_RECORDS = 6_000  # raw records that a run takes on at most, unless its first batch alone has more: publish goes on beside the next one
CHUNK_PROCESSES = 3_000  # compiled at a time
COLUMNS = ["batch", "position", "record_id", "version", "op", "ocid", "date", "payload", "notes", "package"]
Frames = dict[str, pl.DataFrame]


def refine(parts: Parts) -> None:
    """One run over the batches past the watermark; sends publish, and refine again where more is pending."""
    more = run_stage(parts, "refine", lambda work, mark: work.batches.last_committed() > mark.seq, lambda mark: _refine(parts, mark))
    parts.messages.send("publish")
    if more:
        parts.messages.send("refine")


def _refine(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        pending = _take(work.batches.committed_after(mark.seq), 1 if takes_single_batch(mark) else None)
    upto = pending[-1].seq
    with parts.warehouse.write() as work:
        silver_batch = work.batches.open_silver(mark.seq, upto, now())
        work.commit()
    of_releases = _holding(pending, KIND)
    ocids = sorted(set(parts.lake.read_bronze(KIND, of_releases, ["batch", "ocid"])["ocid"].drop_nulls()))
    frames = refine_processes(parts, ocids, silver_batch)
    kinds = [kind for kind in TABLES_BY_KIND if _holding(pending, kind)]
    for kind in kinds:
        frames |= refine_records(parts, kind, touched_records(parts, kind, _holding(pending, kind)), silver_batch)
    parts.lake.append_silver(silver_batch, frames)
    with parts.warehouse.write() as work:
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"seq": upto}), now())
        work.batches.commit_silver(silver_batch, len(ocids), kinds, now())
        work.watermarks.record_run(mark, upto, len(ocids), now())
        work.commit()
        return bool(work.batches.committed_after(upto))


def _take(pending: Sequence[CommittedBatch], most: int | None) -> Sequence[CommittedBatch]:
    """The batches of one run: few enough for memory, and one alone after a failure, to find the one that does harm."""
    records = 0
    for count, batch in enumerate(pending):
        records += batch.records * (DOCUMENT_FILE_WEIGHT_RECORDS if Kind.DOCUMENTS in batch.kinds else 1)
        if count and (records > RUN_MAX_RECORDS or count == most):
            return pending[:count]
    return pending


def _holding(batches: Sequence[CommittedBatch], kind: Kind) -> list[int]:
    """Those of the batches that hold records of a kind."""
    return [batch.id for batch in batches if kind in batch.kinds]


def refine_processes(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    """The checked silver rows of the processes as they stand in the catalogue now; tombstones for those without a source."""
    made = [_refine_chunk(parts, ocids[start : start + CHUNK_PROCESSES], silver_batch) for start in range(0, len(ocids), CHUNK_PROCESSES)]
    frames = {name: pl.concat([frames[name] for frames in made if name in frames] or [pl.DataFrame(schema=TABLES[name])]) for name in TABLES}
    return {name: silver_schema(name).validate(frame, lazy=True) for name, frame in frames.items()}


def _refine_chunk(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    with parts.warehouse.read() as work:
        current = work.record_catalogue.current_of_ocids(KIND, ocids)
        seqs = work.batches.seqs(sorted({row.batch_id for row in current}))
    rows = pl.DataFrame(
        {"record_id": [r.record_id for r in current], "version": [r.version for r in current], "batch": [r.batch_id for r in current]},
        schema={"record_id": pl.String, "version": pl.Int32, "batch": pl.Int64},
    )
    bronze = parts.lake.read_bronze(KIND, sorted(seqs), COLUMNS, ocids).join(rows, on=["record_id", "version", "batch"], how="inner")
    order = pl.DataFrame({"batch": list(seqs), "seq": list(seqs.values())}, schema={"batch": pl.Int64, "seq": pl.Int64})
    releases = bronze.join(order, on="batch", how="inner").sort("ocid", "date", "seq", "position")
    processes, notes = _compile(without_superseded(releases), silver_batch)
    frames = flatten(processes)
    gone = sorted(set(ocids) - set(processes["ocid"]))
    frames["process"] = pl.concat([frames["process"], _tombstones(gone, silver_batch)])
    frames["note"] = pl.concat([frames["note"], notes]) if "note" in frames else notes
    return frames


def _compile(releases: pl.DataFrame, silver_batch: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compiled processes ready for `flatten`, and the notes on their records; `releases` are in order."""
    processes = releases.group_by("ocid", maintain_order=True).agg(
        pl.len().cast(pl.Int32).alias("releases"),
        pl.col("first").first().alias("first_published"),
        pl.col("date").last().alias("last_published"),
        pl.col("seq").max().alias("last_seq"),
        pl.col("package").filter(pl.col("package") != "").last(),
    )
    rows = releases.select("record_id", pl.col("payload").cast(pl.Binary), "date", "package", "notes", "superseded").iter_rows()
    compiled: list[bytes] = []
    tags: list[str] = []
    notes: list[dict[str, Any]] = []
    for ocid, count in processes.select("ocid", "releases").iter_rows():
        group = list(islice(rows, count))
        made = compile_releases([ReleaseSource(one, text, date, package, ROUNDED_NUMBER_MARK in (found or "")) for one, text, date, package, found, _ in group])
        compiled.append(made.release)
        tags.append(",".join(made.tags))
        known = {"silver_batch": silver_batch, "ocid": ocid, "record_id": None}
        notes += [known | {"record_id": record_id} | note for record_id, *_, found, _ in group if found for note in orjson.loads(found)]
        notes += [known | {"record_id": one[0]} | superseded_note(one[-1]).model_dump() for one in group if one[-1]]
        notes += [known | note.model_dump() for note in made.notes]
    return processes.drop("package").with_columns(
        pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"),
        pl.Series("compiled", compiled, dtype=pl.Binary).cast(pl.String),
        pl.Series("tags", tags, dtype=pl.String),
        *_published(processes["package"]),
    ), pl.DataFrame(notes, schema=TABLES["note"])


def _published(packages: pl.Series) -> list[pl.Series]:
    """What the packages say of their publisher and their licence."""
    said: dict[str | None, Any] = {text: orjson.loads(text) for text in packages.drop_nulls().unique()} | {None: {}}
    publishers = [said[text].get("publisher") for text in packages]
    names = [one.get("name") if isinstance(one, dict) else None for one in publishers]
    licenses = [said[text].get("license") for text in packages]
    texts = {"publisher": names, "publisher_license": licenses}
    return [pl.Series(name, [one if isinstance(one, str) else None for one in found], dtype=pl.String) for name, found in texts.items()]


def _tombstones(ocids: Sequence[str], silver_batch: int) -> pl.DataFrame:
    named = pl.DataFrame({"ocid": ocids}, schema={"ocid": pl.String})
    rest = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TABLES["process"].items() if name != "ocid"]
    frame = named.with_columns(rest).with_columns(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"), pl.lit(value=True).alias("deleted"))
    return frame.select(list(TABLES["process"]))
