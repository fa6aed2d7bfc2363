"""The red_flags stage: recomputes the flags that compare all data, and writes the rows that differ.

It is single-flight, and runs when all that was uploaded is published; after changed thresholds it also recomputes the
flags of each process. A run reads gold as of a position of publish, and loses the race if that moves before it has
written. Repeating a run changes nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import polars as pl
from loguru import logger

from domain.pipeline.watermark import Watermark
from domain.red_flags.indicator_rows import indicator_rows
from domain.red_flags.inputs import Inputs
from domain.red_flags.refresh import RowChanges, evaluate_all, row_changes
from domain.red_flags.settings import RedFlagSettings
from domain.red_flags.star import fact_rows, results_of_processes
from domain.shared.errors import LostRaceError
from services.marts.changes import IDENTITIES, noting_red_flags
from services.marts.refresh import refresh_marts
from services.pipeline.backlog import RED_FLAGS, match_behind, red_flags_behind, refine_or_publish_pending
from services.pipeline.stage import SingleFlightStage
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

SLICE_ROWS = 2_000  # written per transaction
PAGE_PROCESSES = 2_000  # read at once after changed thresholds
SHORT_RUN = timedelta(seconds=5)  # after which the next run may begin at once
PAUSE_PER_RUN = 5  # times its duration, after a longer run: at most a sixth of one core is used


def _due(parts: Parts, work: ReadUnitOfWork) -> bool:
    """Whether flags are behind gold or their thresholds have changed, and no earlier stage has work."""
    outdated = red_flags_behind(work) or thresholds_changed(work, parts.red_flags)
    return outdated and not _earlier_pending(work) and not _pausing(work)


def thresholds_changed(work: ReadUnitOfWork, settings: RedFlagSettings) -> bool:
    """Whether flags were computed with other thresholds."""
    stored = work.red_flags.thresholds()
    return stored != {row["code"]: row["thresholds"] for row in indicator_rows(settings)}


def _earlier_pending(work: ReadUnitOfWork) -> bool:
    return refine_or_publish_pending(work) or match_behind(work) or bool(work.jobs.unlanded(now()))


def _pausing(work: ReadUnitOfWork) -> bool:
    last = work.watermarks.last_run(RED_FLAGS)
    if last is None or last[1] - last[0] < SHORT_RUN:
        return False
    return now() - last[1] < PAUSE_PER_RUN * (last[1] - last[0])


class _Basis(NamedTuple):
    """What a run is computed from: the watermark of publish, and how often organisations have got other identities."""

    published: Watermark
    identity_changes: int


def _refresh(parts: Parts, mark: Watermark) -> bool:
    settings = parts.red_flags
    with parts.warehouse.read() as work:
        published = work.watermarks.get("publish")
        basis = _Basis(published, work.marts.changes_of(IDENTITIES))
        all_processes = work.star.process_keys() if thresholds_changed(work, settings) else []
        inputs, identities = work.red_flags.inputs(), work.red_flags.identities()
        stored = work.red_flags.stored()
        results, quartiles = evaluate_all(inputs, identities, settings)
        rows = _rows(work, results, inputs, published, compares_all=True)
    for start in range(0, len(all_processes), PAGE_PROCESSES):
        _recompute(parts, mark, basis, all_processes[start : start + PAGE_PROCESSES])
    changes = row_changes(stored, rows)
    _write(parts, mark, basis, changes)
    with parts.warehouse.write() as work:
        _check(work, mark, basis)
        passed = Watermark(stage=RED_FLAGS, seq=published.seq, silver_batch=published.silver_batch)
        work.watermarks.compare_and_swap(mark, passed, now())
        work.watermarks.record_run(mark, published.seq, changes.inserted.height, now())
        refreshed_at = now()
        work.red_flags.write_indicators(indicator_rows(settings, quartiles, refreshed_at), refreshed_at)
        work.commit()
    refresh_marts(parts)
    return False


def _give_up(parts: Parts, mark: Watermark, reason: str) -> None:
    """Leave the flags that compare all data as they are until publish moves on."""
    with parts.warehouse.write() as work:
        published = work.watermarks.get("publish")
        passed = Watermark(stage=RED_FLAGS, seq=published.seq, silver_batch=published.silver_batch)
        work.watermarks.compare_and_swap(mark, passed, now())
        work.commit()
    logger.error("red_flags: the flags that compare all data are not recomputed: {}", reason)


red_flags = SingleFlightStage(
    name=RED_FLAGS, due=_due, run=_refresh, give_up=_give_up, priority=9, own_thread=True, time_limit_seconds=3_600
)


def recompute(work: WriteUnitOfWork) -> None:
    """Let the stage run again: what it reads has changed without a run of publish."""
    mark = work.watermarks.get(RED_FLAGS)
    work.watermarks.compare_and_swap(mark, Watermark(stage=RED_FLAGS, seq=mark.seq), now())


def _rows(
    work: ReadUnitOfWork, results: pl.DataFrame, inputs: Inputs, published: Watermark, *, compares_all: bool
) -> pl.DataFrame:
    named = results.drop_nulls("organization_id")
    processes = named["process_key"].drop_nulls().unique()
    organizations = named.filter(pl.col("process_key").is_null())["organization_id"].unique()
    versions = work.red_flags.versions(processes, organizations)
    rows = fact_rows(results, inputs, versions, compares_all=compares_all)
    return rows.with_columns(pl.col("silver_batch").fill_null(published.silver_batch))


def _recompute(parts: Parts, mark: Watermark, basis: _Basis, process_keys: Sequence[int]) -> None:
    """Compute the flags of these processes with other thresholds."""
    with parts.warehouse.read() as work:
        inputs = work.red_flags.inputs(process_keys)
        results = results_of_processes(inputs, parts.red_flags)
        rows = _rows(work, results, inputs, basis.published, compares_all=False)
        changes = row_changes(work.red_flags.stored(process_keys), rows)
    _write(parts, mark, basis, changes)


def _write(parts: Parts, mark: Watermark, basis: _Basis, changes: RowChanges) -> None:
    """Write the changes, a whole row per transaction at least: readers see the old row or the new one."""
    obsolete = changes.deleted.filter(~changes.deleted.is_in(changes.inserted["red_flag_key"].implode()))
    for keys in obsolete.to_frame().iter_slices(SLICE_ROWS):
        _replace(parts, mark, basis, keys["red_flag_key"], changes.inserted.clear())
    for rows in changes.inserted.iter_slices(SLICE_ROWS):
        _replace(parts, mark, basis, rows["red_flag_key"], rows)


def _replace(parts: Parts, mark: Watermark, basis: _Basis, keys: pl.Series, rows: pl.DataFrame) -> None:
    with parts.warehouse.write() as work:
        _check(work, mark, basis)
        with noting_red_flags(work, keys.to_list()):
            work.red_flags.replace(keys, rows)
        work.commit()


def _check(work: WriteUnitOfWork, mark: Watermark, basis: _Basis) -> None:
    """LostRaceError if another run began, publish moved on or identities changed: then what was read is outdated."""
    work.watermarks.check_same_run(mark)
    work.watermarks.check_unmoved(basis.published)
    if work.marts.changes_of(IDENTITIES) != basis.identity_changes:
        raise LostRaceError("organisations have got other identities")
