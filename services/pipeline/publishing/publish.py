"""Publish stage: the processes of new silver batches replace their rows in the star, slice by slice.

Single-flight. A slice and the watermark's step over it commit in one transaction, guarded by compare-and-swap: a killed
run continues after its last slice, and of two concurrent runners one fails cleanly.
"""

from collections.abc import Sequence
from math import ceil

import polars as pl

from domain.exchange_rates.conversion import ExchangeQuotes
from domain.pipeline.batch import SilverBatch
from domain.pipeline.watermark import Watermark
from domain.red_flags.settings import RedFlagSettings
from domain.red_flags.star import with_red_flags
from domain.shared.surrogate_keys import surrogate_key
from domain.star.build import build_star
from domain.star.model import Star
from domain.star.process_slices import slice_star
from services.lake.silver_batches import Frames, current_rows, limit_by_processes, newest_batches
from services.marts.refresh import count_new_marts
from services.pipeline.backlog import publish_pending
from services.pipeline.matching.match import match
from services.pipeline.publishing import document_files
from services.pipeline.publishing.exchange_rates import exchange_for
from services.pipeline.publishing.processes import is_outdated, plan_processes, write_processes
from services.pipeline.publishing.publish_records import publish_records
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.shared.clock import now
from services.shared.transaction_size import transaction_size

SLICE_PROCESSES = 250  # the watermark counts such slices
TRANSACTION_SLICES = 4  # at most, about 0.2 s
STAR_BUILD_PROCESSES = 12 * SLICE_PROCESSES  # whose star is built at once, before these transactions
PLAN_ATTEMPTS = 3  # outside of the transaction, while a match run changes identities
RUN_MAX_PROCESSES = 20_000  # per run, unless its first silver batch alone has more


def _publish(parts: Parts, watermark: Watermark) -> bool:
    """Run once over the silver batches past the watermark; returns whether more is pending."""
    with parts.warehouse.read() as work:
        unpublished = work.batches.silver_after(watermark.silver_batch)
    pending: Sequence[SilverBatch] = unpublished
    if watermark.target is not None:
        pending = [batch for batch in unpublished if batch.id <= watermark.target]
    if takes_single_batch(watermark):
        pending = pending[:1]
    elif watermark.target is None:
        pending = limit_by_processes(pending, RUN_MAX_PROCESSES)
    target = pending[-1]
    if watermark.target not in (None, target.id):  # an interrupted run had taken more than this single batch
        with parts.warehouse.write() as work:
            watermark = work.watermarks.restart(watermark, now(), watermark.attempts)
            work.commit()
    count_new_marts(parts)
    batches = [batch.id for batch in pending]
    # A process that a later batch also has is published with that one; a resumed run keeps its first batches.
    later = [batch.id for batch in unpublished] if watermark.done == 0 else batches
    silver = current_rows(parts.lake, batches, newest_batches(parts.lake, later))
    publish_records(parts, watermark, pending)
    watermark = _slices(parts, watermark, silver, exchange_for(parts, silver), target.id)
    with parts.warehouse.write() as work:
        seq = max(watermark.seq, target.upto_seq)
        work.watermarks.compare_and_swap(watermark, Watermark(stage="publish", seq=seq, silver_batch=target.id), now())
        work.watermarks.record_run(watermark, target.upto_seq, silver["process"].height, now())
        work.commit()
        return bool(work.batches.silver_after(target.id))


publish = SingleFlightStage(name="publish", due=lambda _, work: publish_pending(work), run=_publish, wakes=(match,))


def _slices(parts: Parts, watermark: Watermark, silver: Frames, money: ExchangeQuotes, target: int) -> Watermark:
    ocids = sorted(silver["process"]["ocid"], key=surrogate_key)
    for start in range(watermark.done * SLICE_PROCESSES, len(ocids), STAR_BUILD_PROCESSES):
        chosen = ocids[start : start + STAR_BUILD_PROCESSES]
        star = build_star_of(silver, chosen, money, parts.red_flags)
        while chosen:
            size = SLICE_PROCESSES * transaction_size(parts, TRANSACTION_SLICES)
            watermark = _transaction(parts, watermark, silver, chosen[:size], star, target)
            chosen = chosen[size:]
    return watermark


def _transaction(
    parts: Parts, watermark: Watermark, silver: Frames, ocids: Sequence[str], star: Star | None, target: int
) -> Watermark:
    keys = [surrogate_key(ocid) for ocid in ocids]
    star_slice = slice_star(star, keys) if star is not None else None
    named = document_files.file_names_in_urls(silver["document"], ocids)
    advanced = watermark.model_copy(
        update={"target": target, "done": watermark.done + ceil(len(ocids) / SLICE_PROCESSES)}
    )
    for attempt in range(PLAN_ATTEMPTS):
        with parts.warehouse.read() as work:  # planned without the write lock, for which accepting uploads waits
            plan = plan_processes(work, keys, star_slice)
        with parts.warehouse.write() as work:
            work.watermarks.check_same_run(watermark)
            if is_outdated(work, plan):
                if attempt + 1 < PLAN_ATTEMPTS:
                    continue
                plan = plan_processes(work, keys, star_slice)
            work.watermarks.compare_and_swap(watermark, advanced, now())
            write_processes(work, plan, target)
            document_files.relink(work, keys, named, target)
            work.commit()
            break
    return advanced


def build_star_of(
    silver: Frames, ocids: Sequence[str], money: ExchangeQuotes, thresholds: RedFlagSettings
) -> Star | None:
    """Return the star rows of these processes, without deleted ones; None if none is left."""
    named = pl.Series(ocids, dtype=pl.String).implode()
    chosen = {name: frame.filter(pl.col("ocid").is_in(named)) for name, frame in silver.items()}
    chosen["process"] = chosen["process"].filter(~pl.col("deleted"))
    return with_red_flags(build_star(chosen, money), thresholds) if chosen["process"].height else None
