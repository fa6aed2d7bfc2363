"""Land: the next slice of a job's source becomes a batch of the log; small jobs that wait behind it are landed with it.

Handled twice, a message only lands the next slice: a batch counts from the moment its commit puts it into the ledger, in the
same transaction that moves the job's position; what an interrupted attempt appended to bronze carries a batch id that never counts.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from loguru import logger

from domain.changes import Current, Key
from domain.errors import InvalidError, LostRaceError, NoSpaceError, TenderlakeError, TooLargeError
from domain.job import LEASE, Batch, Counts, Job, JobStatus, Step
from services.clock import now
from services.notify import wake
from services.ports import Parts, Work
from services.stages.index import organizations_behind
from services.stages.judged import Judged, read, rows
from services.stages.raw_changes import read_raw
from services.stages.runs import crowded
from services.stages.turns import in_turn, wake_next

FIRST = 4  # a job's first slice is this part of one, and the next ones at most twice what came before
DELIVERIES = 3  # a slice that killed its worker this often is set aside
AHEAD = 8  # files of waiting jobs that may be read at once
SECONDS = 5.0  # in which the reading of waiting jobs begins; those behind are left for later
HOPELESS = 100_000  # refused records of a file behind which it is given up where hardly one is good
HARDLY = 0.99
RAW = "raw"  # jobs whose operations are read where they lie, in turn
TOGETHER = 250  # waiting jobs that are landed in one go at most: a burst of single records costs a few runs


def land(parts: Parts, job_id: str, place: str = "") -> None:
    """Land one slice of the job, and the first slices of waiting jobs while they fit; send the messages that follow.

    `place` is the place of the slice among those of the job: a doubled message, whose slice was landed already, does nothing. A slice that
    takes long to read is landed in the background, and what waits behind it goes on.
    """
    claimed = _claim(parts, job_id, place)
    if claimed is None:
        return
    job, batch = claimed
    try:
        with parts.readings.holding([batch]):
            group = _read_on(parts, job, batch, _size(parts.batch_records, job.counts.received))
            if group is None:
                _go_on(parts)
                return
            if group and group[0].position is None and batch.deliveries == 1:
                group += _waiting(parts, batch, parts.batch_records - group[0].size)
            _finish(parts, job_id, group)
    except Exception:
        _end_lease(parts, [batch])
        raise


def _read_on(parts: Parts, job: Job, batch: Batch, limit: int) -> list[Judged] | None:
    """The job's next slice; None where it takes long, and is landed in the background."""
    if job.type == RAW:
        return _read(parts, job, batch, limit)

    def late(result: Callable[[], list[Judged]]) -> None:
        _land_late(parts, batch, result)

    return parts.readings.read(batch, lambda: _read(parts, job, batch, limit), late)


def _land_late(parts: Parts, batch: Batch, result: Callable[[], list[Judged]]) -> None:
    """Land what was read in the background. Where that fails, its lease ends, and the sweep sends the job's message again."""
    try:
        _finish(parts, batch.job_id, result())
        wake(parts)
    except LostRaceError as error:
        logger.info("land {}: {}", batch.job_id, error.detail)
        parts.messages.send("land", batch.job_id)  # where the job was cancelled, that removes the copies of its file
    except TenderlakeError as error:
        logger.warning("land {}: {}; it will be tried again", batch.job_id, error.detail)
        _end_lease(parts, [batch])
    except Exception as error:  # pylint: disable=broad-exception-caught  # nobody waits for this thread
        logger.opt(exception=error).error("land {}: {}", batch.job_id, error)
        _end_lease(parts, [batch])


def _end_lease(parts: Parts, batches: Sequence[Batch]) -> None:
    """Let anybody try again at once. Where the warehouse does not answer, the lease runs out by itself."""
    with suppress(Exception), parts.warehouse.write() as work:
        work.leases.end([batch.id for batch in batches])
        work.commit()


def _finish(parts: Parts, job_id: str, group: list[Judged]) -> None:
    """Land what was read, and send the messages that follow."""
    try:
        with parts.readings.holding([one.batch for one in group]):
            _land(parts, group)
        again = {one.job.id: str(one.batch.ordinal + 1) for one in group if one.position is not None}
    except LostRaceError as error:
        logger.info("land {}: {}; trying again", job_id, error.detail)
        again = {one.job.id: "" for one in group}
        with parts.warehouse.write() as work:
            work.leases.end([one.batch.id for one in group])
            work.turns.put_back(sorted(again))
            work.commit()
    for one in group:
        if one.job.id not in again and one.job.type != RAW:
            _release(parts, one.job)
    parts.messages.send("refine")
    _go_on(parts)
    for waiting, following in sorted(again.items()):
        parts.messages.send("land", waiting, *filter(None, [following]))
    wake_next(parts)


def _release(parts: Parts, job: Job) -> None:
    parts.sources.release(job.sha256 or "", job.id)


def _size(full: int, received: int) -> int:
    """Records of a job's next slice: the first ones are small and grow, so that the stages behind soon have something to do."""
    return min(full, max(1, full // FIRST, 2 * received))


def _go_on(parts: Parts) -> None:
    """Send the message of the oldest job that nobody began: those that came while others waited have none of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(1)
    for job_id in waiting:
        parts.messages.send("land", job_id)


def _claim(parts: Parts, job_id: str, place: str) -> tuple[Job, Batch] | None:
    """The job with a fresh batch, or None where nothing of it is left to land."""
    with parts.warehouse.read() as work:
        found: Job | None = work.jobs.get(job_id)
        if found is None or found.status.final or found.landed:
            if found is not None and found.status is JobStatus.CANCELLED and not _taken(parts, work, job_id):
                _release(parts, found)
            return None
    if crowded(parts, f"landing job {job_id}"):
        return None
    with parts.warehouse.write() as work:
        job: Job | None = in_turn(work, work.jobs.get(job_id))
        if job is None or job.status.final or job.landed or _taken(parts, work, job.id) or (place and work.batches.landed(job.id) > int(place)):
            return None
        work.jobs.start([job.id], now())
        batch: Batch = work.batches.open([job.id], now(), parts.readings.worker, now() + LEASE)[0]
        over = batch.deliveries > DELIVERIES
        if over:
            _fail(work, job.id, f"reading on at {job.position or 'its beginning'} ended its worker {DELIVERIES} times; what was landed before stays")
        work.commit()
    if over:
        _release(parts, job)
        wake_next(parts)
        _go_on(parts)
    return None if over else (job, batch)


def _taken(parts: Parts, work: Work, job_id: str) -> bool:
    """Whether another attempt at the job lives. What a dead worker held is taken over by its successor of the same name at once."""
    worker: str | None = work.leases.of([job_id], now()).get(job_id)
    return worker is not None and (worker != parts.readings.worker or parts.readings.holds(job_id))


def _waiting(parts: Parts, first: Batch, room: int) -> list[Judged]:
    """Jobs that nobody began yet, oldest first, read while there is room; those left over get messages of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(TOGETHER) if room > 0 else []
    if not waiting:
        return []
    with parts.warehouse.write() as work:
        later = work.turns.out_of_turn(waiting, [first.job_id])
        jobs = work.jobs.claim([one for one in waiting if one not in later], now())
        claimed = list(zip(jobs, work.batches.open([job.id for job in jobs], now(), parts.readings.worker, now() + LEASE), strict=True))
        work.commit()
    with parts.readings.holding([batch for _, batch in claimed]):
        return _read_waiting(parts, claimed, room)


def _read_waiting(parts: Parts, claimed: Sequence[tuple[Job, Batch]], room: int) -> list[Judged]:
    group: list[Judged] = []
    left: list[Batch] = []
    until = monotonic() + SECONDS
    for place, (job, batch) in enumerate(claimed):
        if room <= 0 or monotonic() > until:
            left.append(batch)
            continue
        if place % AHEAD == 0:
            parts.sources.expect([job.sha256 or "" for job, _ in claimed[place : place + AHEAD] if job.type != RAW])
        found = _read_on(parts, job, batch, room) or []
        group += found
        room -= sum(one.size for one in found)
    if left:
        with parts.warehouse.write() as work:
            work.batches.give_back(left)
            work.turns.put_back([batch.job_id for batch in left])
            work.commit()
        for batch in left:
            parts.messages.send("land", batch.job_id)
    return group


def _read(parts: Parts, job: Job, batch: Batch, limit: int) -> list[Judged]:
    """The job's next slice; none, and the job has failed, where its file can't be read at all."""
    try:
        return [read_raw(parts, job, batch) if job.type == RAW else read(parts, job, batch, limit)]
    except (InvalidError, TooLargeError) as error:
        with parts.warehouse.write() as work:
            _fail(work, job.id, error.detail, **error.details)
            work.commit()
    except NoSpaceError as error:
        if batch.deliveries < DELIVERIES:
            raise
        with parts.warehouse.write() as work:
            _fail(work, job.id, f"reading {job.filename} filled the disk {DELIVERIES} times: {error.detail}")
            work.commit()
    _release(parts, job)
    return []


def _fail(work: Work, job_id: str, detail: str, **details: Any) -> None:
    logger.warning("job {} failed: {}", job_id, detail)
    work.jobs.fail(job_id, {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}, now())


def _land(parts: Parts, group: Sequence[Judged]) -> None:
    """Append the group's new versions to bronze, and commit its batches, in order of their jobs, all at once."""
    with parts.warehouse.read() as work:
        current: dict[Key, Current] = work.records.current_of(key for one in group for key in one.keys())  # noqa: SIM118  it is no mapping
        for place, one in enumerate(group):
            one.left = _changed_since(work, one)
            current |= one.compare(current, group[:place])
            known = work.records.of_job(one.touched(), one.job.id) if one.batch.ordinal else set()
            one.processes = len(one.touched() - known)
    new = [one for one in group if one.new]
    for kind in sorted({kind for one in new for kind in one.kinds()}):
        having = [one for one in new if kind in one.kinds()]
        parts.lake.append_bronze(kind, having[0].batch.id, rows(having, kind))
    with parts.warehouse.write() as work:
        if ended := work.jobs.ended([one.job.id for one in group]):
            raise LostRaceError(f"job {ended[0]} was ended meanwhile")  # what follows builds on the versions of all of them
        _commit(work, group)
        work.commit()
    for one in group:
        logger.debug("landed batch {} of job {}: {}", one.batch.id, one.job.id, one.counts())


def _changed_since(work: Work, one: Judged) -> set[Key]:
    """Of the records of a retry, those that a job changed that was accepted after the one retried: to land these again would undo it."""
    return work.records.brought_after(one.keys(), work.jobs.with_retried(one.job)) if one.job.retry_of and one.job.type != RAW else set()


def _commit(work: Work, group: Sequence[Judged]) -> None:
    """A statement for all of the group wherever that can be: a burst of single records is mostly this."""
    new = [one for one in group if one.new]
    seqs: dict[int, int] = work.batches.commit([(one.batch, one.counts(), one.kinds()) for one in new], now())
    work.batches.close_empty([one.batch for one in group if not one.new], now())
    work.records.apply([(one.batch.id, change) for one in new for _, change in one.new])
    work.jobs.progress([Step(one.job.id, one.counts(), seqs.get(one.batch.id), one.position) for one in group], now())
    work.outcomes.add([(one.job.id, outcome) for one in group for outcome in one.outcomes])
    jobs: dict[str, Job] = {job.id: job for job in work.jobs.some([one.job.id for one in group])}
    for one in group:
        work.quarantine.add(one.job.id, one.batch.id, one.refused)
        one.settle(work, now())
        _end_if_nothing_good(work, one, jobs[one.job.id].counts)
    if any(one.position is None for one in group) and not organizations_behind(work):
        work.jobs.finish_due(work.watermarks.get("index").seq, now())


def _end_if_nothing_good(work: Work, one: Judged, counts: Counts) -> None:
    """Fail the job that ended without anything good, or goes on with hardly any: to list each error of a gigabyte of `1,1,1,…` would fill the disk."""
    if one.position is None:
        if not counts.accepted and not counts.unchanged:
            work.jobs.fail(one.job.id, one.nothing_good(counts), now())
    elif counts.quarantined >= HOPELESS and counts.quarantined > HARDLY * counts.received:
        one.position = None
        said = f"{counts.quarantined:,} of its first {counts.received:,} records can't be used"
        _fail(work, one.job.id, f"{said}; reading stopped there, what was good before stays")
