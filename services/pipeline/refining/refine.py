"""Refine: compiles the processes that new batches change from all their current releases, and flattens them to silver.

Single-flight: a second run finds the watermark moved and has no effect. Rows of a run that was killed belong to a
silver batch that is never committed.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import orjson
import polars as pl

from domain.lake.flattening.processes import flatten
from domain.lake.silver import TABLES, TABLES_BY_KIND, tombstones, validated
from domain.ocds.merging.compiled_release import ReleaseSource, compile_releases
from domain.ocds.merging.superseded import superseded_note, without_superseded
from domain.pipeline.batch import CommittedBatch
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from services.lake.current_releases import current_releases
from services.pipeline.backlog import refine_pending
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine_records import refine_records, touched_records
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.shared.clock import now

KIND = Kind.RELEASES
ROUNDED_NUMBER_MARK = '"code":"rounded_number"'  # in the notes of records with numbers that 64 bits can't hold
DOCUMENT_FILE_WEIGHT_RECORDS = 20  # a document file counts as this many records
RUN_MAX_RECORDS = 6_000  # raw records of a run, unless its first batch has more
CHUNK_PROCESSES = 3_000  # processes compiled at a time
Frames = dict[str, pl.DataFrame]


def _refine(parts: Parts, mark: Watermark) -> bool:
    """One run over the batches after the watermark; returns whether more is pending."""
    with parts.warehouse.read() as work:
        pending = _take(work.batches.committed_after(mark.seq), 1 if takes_single_batch(mark) else None)
    upto = pending[-1].seq
    with parts.warehouse.write() as work:
        silver_batch = work.batches.open_silver(mark.seq, upto, now())
        work.commit()
    of_releases = _batches_with(pending, KIND)
    ocids = sorted(set(parts.lake.read_bronze(KIND, of_releases, ["batch", "ocid"])["ocid"].drop_nulls()))
    frames = refine_processes(parts, ocids, silver_batch)
    kinds = [kind for kind in TABLES_BY_KIND if _batches_with(pending, kind)]
    for kind in kinds:
        frames |= refine_records(parts, kind, touched_records(parts, kind, _batches_with(pending, kind)), silver_batch)
    parts.lake.append_silver(silver_batch, frames)
    with parts.warehouse.write() as work:
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"seq": upto}), now())
        work.batches.commit_silver(silver_batch, len(ocids), kinds, now())
        work.watermarks.record_run(mark, upto, len(ocids), now())
        work.commit()
        return bool(work.batches.committed_after(upto))


refine = SingleFlightStage(name="refine", due=lambda _, work: refine_pending(work), run=_refine, wakes=(publish,))


def _take(pending: Sequence[CommittedBatch], most: int | None) -> Sequence[CommittedBatch]:
    """The batches of one run, limited by memory; a single one after a failure, to isolate the batch that causes it."""
    records = 0
    for count, batch in enumerate(pending):
        records += batch.records * (DOCUMENT_FILE_WEIGHT_RECORDS if Kind.DOCUMENTS in batch.kinds else 1)
        if count and (records > RUN_MAX_RECORDS or count == most):
            return pending[:count]
    return pending


def _batches_with(batches: Sequence[CommittedBatch], kind: Kind) -> list[int]:
    """The ids of the batches with records of a kind."""
    return [batch.id for batch in batches if kind in batch.kinds]


def refine_processes(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    """The validated silver rows of the processes' current versions; tombstones for processes without releases."""
    made = [
        _refine_chunk(parts, ocids[start : start + CHUNK_PROCESSES], silver_batch)
        for start in range(0, len(ocids), CHUNK_PROCESSES)
    ]
    frames = {
        name: pl.concat([frames[name] for frames in made if name in frames] or [pl.DataFrame(schema=TABLES[name])])
        for name in TABLES
    }
    return {name: validated(name, frame) for name, frame in frames.items()}


def _refine_chunk(parts: Parts, ocids: Sequence[str], silver_batch: int) -> Frames:
    releases = without_superseded(current_releases(parts.warehouse, parts.lake, ocids))
    processes, notes = _compile(releases, silver_batch)
    frames = flatten(processes)
    deleted = sorted(set(ocids) - set(processes["ocid"]))
    frames["process"] = pl.concat([frames["process"], tombstones("process", deleted, silver_batch)])
    frames["note"] = pl.concat([frames["note"], notes]) if "note" in frames else notes
    return frames


def _compile(releases: pl.DataFrame, silver_batch: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compiled processes for `flatten`, and the notes on their records; `releases` are in order."""
    processes = releases.group_by("ocid", maintain_order=True).agg(
        pl.len().cast(pl.Int32).alias("releases"),
        pl.col("first").first().alias("first_published"),
        pl.col("date").last().alias("last_published"),
        pl.col("seq").max().alias("last_seq"),
        pl.col("package").filter(pl.col("package") != "").last(),
    )
    rows = releases.select(
        "record_id", pl.col("payload").cast(pl.Binary), "date", "package", "notes", "superseded"
    ).iter_rows()
    compiled: list[bytes] = []
    tags: list[str] = []
    notes: list[dict[str, Any]] = []
    for ocid, count in processes.select("ocid", "releases").iter_rows():
        group = list(islice(rows, count))
        made = compile_releases(
            [
                ReleaseSource(item, text, date, package, ROUNDED_NUMBER_MARK in (found or ""))
                for item, text, date, package, found, _ in group
            ]
        )
        compiled.append(made.release)
        tags.append(",".join(made.tags))
        known = {"silver_batch": silver_batch, "ocid": ocid, "record_id": None}
        notes += [
            known | {"record_id": record_id} | note
            for record_id, *_, found, _ in group
            if found
            for note in orjson.loads(found)
        ]
        notes += [known | {"record_id": item[0]} | superseded_note(item[-1]).model_dump() for item in group if item[-1]]
        notes += [known | note.model_dump() for note in made.notes]
    return processes.drop("package").with_columns(
        pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"),
        pl.Series("compiled", compiled, dtype=pl.Binary).cast(pl.String),
        pl.Series("tags", tags, dtype=pl.String),
        *_publisher_columns(processes["package"]),
    ), pl.DataFrame(notes, schema=TABLES["note"])


def _publisher_columns(packages: pl.Series) -> list[pl.Series]:
    """Publisher and licence from the metadata of packages."""
    metadata: dict[str | None, Any] = {text: orjson.loads(text) for text in packages.drop_nulls().unique()} | {None: {}}
    publishers = [metadata[text].get("publisher") for text in packages]
    names = [item.get("name") if isinstance(item, dict) else None for item in publishers]
    licenses = [metadata[text].get("license") for text in packages]
    texts = {"publisher": names, "publisher_license": licenses}
    return [
        pl.Series(name, [item if isinstance(item, str) else None for item in found], dtype=pl.String)
        for name, found in texts.items()
    ]
