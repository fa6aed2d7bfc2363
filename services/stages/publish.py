"""Publish: the processes of new silver batches replace their rows in the star, slice by slice.

Single-flight. A slice and the watermark's step over it commit in one transaction, guarded by compare-and-swap: killed anywhere,
it goes on behind its last slice; handled twice, the second runner loses cleanly.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from domain.job import Watermark
from domain.keys import surrogate
from domain.money import Exchange
from domain.silver import TABLES
from domain.star import Star, build, cut
from services.clock import now
from services.ports import Lake, Parts
from services.stages.publish_records import publish_records
from services.stages.published import documents
from services.stages.published.rates import exchange_of
from services.stages.runs import alone, run

SLICE = 700  # processes written in one transaction: a fifth of a second, for accepting waits its turn behind it
STAR = 4 * SLICE  # processes whose star is built at once, ahead of these transactions
PROCESSES = 20_000  # processes that a run takes on at most, unless its first silver batch alone has more
Frames = dict[str, pl.DataFrame]


def publish(parts: Parts) -> None:
    """One run over the silver batches past the watermark; sends index, and publish again where more is pending."""
    more = run(parts, "publish", lambda work, mark: work.batches.last_silver() > mark.silver_batch, lambda mark: _publish(parts, mark))
    parts.messages.send("index")
    if more:
        parts.messages.send("publish")


def _publish(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        everything: Sequence[Any] = work.batches.silver(mark.silver_batch)
    pending: Sequence[Any] = [batch for batch in everything if mark.target is None or batch.id <= mark.target]
    if alone(mark):
        pending = pending[:1]
    elif mark.target is None:
        pending = take(pending, PROCESSES)
    target = pending[-1]
    if mark.target not in (None, target.id):  # half-way through more than the one batch that it shall take now
        with parts.warehouse.write() as work:
            mark = work.watermarks.restart(mark, now())
            work.commit()
    batches = [batch.id for batch in pending]
    # A process that a later batch has too is published with that one; a run that goes on half-way keeps to what it saw.
    later = [batch.id for batch in everything] if mark.done == 0 else batches
    silver = current_rows(parts.lake, batches, newest_batches(parts.lake, later))
    publish_records(parts, mark, pending)
    mark = _slices(parts, mark, silver, exchange_of(parts, silver), target.id)
    with parts.warehouse.write() as work:
        work.watermarks.swap(mark, Watermark(stage="publish", seq=max(mark.seq, target.upto_seq), silver_batch=target.id), now())
        work.watermarks.ran("publish", mark.seq, target.upto_seq, silver["process"].height, mark.started_at, now())
        work.commit()
        return bool(work.batches.silver(target.id))


def _slices(parts: Parts, mark: Watermark, silver: Frames, money: Exchange, target: int) -> Watermark:
    ocids = sorted(silver["process"]["ocid"], key=surrogate)
    for start in range(mark.done * SLICE, len(ocids), STAR):
        chosen = ocids[start : start + STAR]
        star = star_of(silver, chosen, money)
        for at in range(0, len(chosen), SLICE):
            mark = _slice(parts, mark, silver, chosen[at : at + SLICE], star, target)
    return mark


def _slice(parts: Parts, mark: Watermark, silver: Frames, ocids: Sequence[str], star: Star | None, target: int) -> Watermark:
    keys = [surrogate(ocid) for ocid in ocids]
    made, names = cut(star, keys) if star is not None else None, list(documents.named(silver["document"], ocids))
    after = mark.model_copy(update={"target": target, "done": mark.done + 1})
    with parts.warehouse.read() as work:  # what can be done before the writers' turn: accepting waits for whoever has it
        plan = work.gold.plan(keys, made)
    with parts.warehouse.write() as work:
        work.watermarks.own(mark)
        work.watermarks.swap(mark, after, now())
        work.gold.write(plan, target)
        work.files.follow(keys, names, target)
        work.commit()
    return after


def star_of(silver: Frames, ocids: Sequence[str], money: Exchange) -> Star | None:
    """The star rows of those of these processes that still stand; None where there are none."""
    named = pl.Series(ocids, dtype=pl.String).implode()
    chosen = {name: frame.filter(pl.col("ocid").is_in(named)) for name, frame in silver.items()}
    chosen["process"] = chosen["process"].filter(~pl.col("deleted"))
    return build(chosen, money) if chosen["process"].height else None


def take(pending: Sequence[Any], most: int) -> Sequence[Any]:
    """The first silver batches, as many as hold at most this many processes, and one at least."""
    processes = 0
    for count, batch in enumerate(pending):
        processes += batch.processes
        if count and processes > most:
            return pending[:count]
    return pending


def newest_batches(lake: Lake, silver_batches: Sequence[int]) -> pl.DataFrame:
    """ocid and silver_batch: the newest of these batches that has each process."""
    return lake.read_silver("process", silver_batches, ["ocid", "silver_batch"]).group_by("ocid").agg(pl.col("silver_batch").max())


def current_rows(lake: Lake, silver_batches: Sequence[int], newest: pl.DataFrame) -> Frames:
    """The rows of these silver batches that are their process's newest, ordered."""
    order = ["ocid", "level", "parent_position", "award_position", "position", "record_id", "path", "code"]
    frames = {}
    for name, columns in TABLES.items():
        frame = lake.read_silver(name, silver_batches, [column for column in columns if column != "compiled"])
        chosen = frame.join(newest, on=["ocid", "silver_batch"], how="semi")
        frames[name] = chosen.sort([column for column in order if column in columns], maintain_order=True)
    return frames
