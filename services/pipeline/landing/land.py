"""The land stage: the next slice of a job's source becomes a batch of the log; small waiting jobs are landed with it.

It is safe to handle a message twice: a batch counts once it is committed to the ledger, in the transaction that moves
the job's position. Bronze rows of an interrupted attempt have a batch id that is never committed, so they are ignored.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

from loguru import logger

from domain.jobs.job import Job, JobCounts
from domain.pipeline.batch import Batch, LandedSlice
from domain.raw_records.versions import RecordKey
from domain.shared.errors import AwayError, InvalidError, LostRaceError, NoSpaceError, TenderlakeError, TooLargeError
from domain.shared.log_context import log_context
from services.pipeline.backlog import organizations_behind
from services.pipeline.landing.claims import (
    MAX_ATTEMPTS,
    claim_slice,
    claim_waiting,
    end_lease,
    fail_job,
    give_back_once_back,
    release_claims,
    remove_copies,
    wake_oldest_waiting,
)
from services.pipeline.landing.operations_slice import read_operations_slice
from services.pipeline.landing.raw_job_order import wake_next_raw_job
from services.pipeline.landing.validated_slice import ValidatedSlice, bronze_rows, read_slice
from services.pipeline.stage import LeasedStage
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now
from services.webhooks.outbox import wake_deliveries

# The first slice of a job has a quarter of the records; later ones at most twice those read so far
FIRST_SLICE_DIVISOR = 4
READ_AHEAD_FILES = 8  # files of waiting jobs that are read in parallel
WAITING_JOBS_MAX_SECONDS = 5.0  # after these, the remaining waiting jobs are released
# A job fails early at this many refused records, if they are more than this share of the records read.
HOPELESS_REFUSED_RECORDS = 100_000
HOPELESS_REFUSED_SHARE = 0.99
RAW_JOB_TYPE = "raw"  # jobs of operations on raw records; landed in the order of acceptance


def _run(parts: Parts, job_id: str, place: str = "") -> None:
    """Land one slice of the job, with the first slices of waiting jobs while they fit; send the following messages.

    `place` is the ordinal of the slice in the job: a repeated message, whose slice is landed already, does nothing. A
    slice that takes long to read is landed in the background, so that waiting jobs are not blocked.
    """
    claimed = claim_slice(parts, job_id, place)
    if claimed is None:
        return
    job, batch = claimed
    try:
        with parts.readings.renewing_leases([batch]):
            group = _read_on(parts, job, batch, _size(parts.batch_records, job.counts.received))
            if group is None:
                wake_oldest_waiting(parts)
                return
            if group and group[0].position is None and batch.deliveries == 1:
                group += _waiting(parts, batch, parts.batch_records - group[0].size)
            _finish(parts, job_id, group)
    except AwayError:
        give_back_once_back(parts, [batch])
        raise
    except Exception:
        end_lease(parts, [batch])
        raise


def _idle(work: ReadUnitOfWork, since: datetime) -> list[tuple[str, ...]]:
    """The jobs that nobody lands, except those that are landed together with the oldest waiting one."""
    idle = work.jobs.unlanded(idle_since=since, unleased_at=now())
    behind_first = set(work.jobs.waiting(len(idle))[1:])
    return [(job_id,) for job_id in idle if job_id not in behind_first]


# A file of many gigabytes is unpacked and sorted before its first record is read.
land = LeasedStage(name="land", run=_run, idle=_idle, time_limit_seconds=4 * 3_600)


def _read_on(parts: Parts, job: Job, batch: Batch, limit: int) -> list[ValidatedSlice] | None:
    """The job's next slice; None if reading takes long: then it is landed in the background."""
    if job.type == RAW_JOB_TYPE:
        return _read(parts, job, batch, limit)

    def late(result: Callable[[], list[ValidatedSlice]]) -> None:
        _land_late(parts, batch, result)

    return parts.readings.read(batch, lambda: _read(parts, job, batch, limit), late)


def _land_late(parts: Parts, batch: Batch, result: Callable[[], list[ValidatedSlice]]) -> None:
    """Land a slice that was read in the background. On failure its lease ends, and the sweep sends the message
    again.
    """
    try:
        _finish(parts, batch.job_id, result())
        wake_deliveries(parts.warehouse, parts.messages)
    except LostRaceError as error:
        logger.info("land {}: {}", batch.job_id, error.detail)
        end_lease(parts, [batch])
        parts.messages.send("land", batch.job_id)  # if the job is cancelled, this removes the copies of its file
    except AwayError:
        give_back_once_back(parts, [batch])
    except TenderlakeError as error:
        logger.warning("land {}: {}; will retry", batch.job_id, error.detail)
        end_lease(parts, [batch])
    except Exception as error:  # pylint: disable=broad-exception-caught  # no caller sees an error of this thread
        logger.opt(exception=error).error("land {}: {}", batch.job_id, error)
        end_lease(parts, [batch])


def _finish(parts: Parts, job_id: str, group: list[ValidatedSlice]) -> None:
    """Land the slices, and send the following messages."""
    try:
        with parts.readings.renewing_leases([one.batch for one in group]):
            _land(parts, group)
        unfinished = {one.job.id: str(one.batch.ordinal + 1) for one in group if one.position is not None}
    except LostRaceError as error:
        logger.info("land {}: {}; retrying", job_id, error.detail)
        unfinished = {one.job.id: "" for one in group}
        with parts.warehouse.write() as work:
            work.leases.end([one.batch.id for one in group])
            work.raw_job_order.reset_to_waiting(sorted(unfinished))
            work.commit()
    except AwayError:
        give_back_once_back(parts, [one.batch for one in group])
        raise
    for one in group:
        if one.job.id not in unfinished and one.job.type != RAW_JOB_TYPE:
            remove_copies(parts, one.job)
    parts.messages.send("refine")
    wake_oldest_waiting(parts)
    for waiting, following in sorted(unfinished.items()):
        parts.messages.send("land", waiting, *filter(None, [following]))
    wake_next_raw_job(parts)


def _size(full: int, received: int) -> int:
    """Records of a job's next slice. The first slices are small, so that the later stages can start early."""
    return min(full, max(1, full // FIRST_SLICE_DIVISOR, 2 * received))


def _waiting(parts: Parts, first: Batch, room: int) -> list[ValidatedSlice]:
    """The first slices of waiting jobs, oldest first, at most `room` records; jobs that do not fit are released."""
    claimed = claim_waiting(parts, first) if room > 0 else []
    group: list[ValidatedSlice] = []
    left: list[Batch] = []
    until = monotonic() + WAITING_JOBS_MAX_SECONDS
    with parts.readings.renewing_leases([batch for _, batch in claimed]):
        for place, (job, batch) in enumerate(claimed):
            if room <= 0 or monotonic() > until:
                left.append(batch)
                continue
            if place % READ_AHEAD_FILES == 0:
                parts.sources.read_ahead(
                    [
                        one.sha256 or ""
                        for one, _ in claimed[place : place + READ_AHEAD_FILES]
                        if one.type != RAW_JOB_TYPE
                    ]
                )
            found = _read_on(parts, job, batch, room) or []
            group += found
            room -= sum(one.size for one in found)
        if left:
            release_claims(parts, left)
    return group


def _read(parts: Parts, job: Job, batch: Batch, limit: int) -> list[ValidatedSlice]:
    """The job's next slice; empty if its file can't be read at all, which fails the job."""
    try:
        return [
            read_operations_slice(parts, job, batch)
            if job.type == RAW_JOB_TYPE
            else read_slice(parts, job, batch, limit)
        ]
    except (InvalidError, TooLargeError) as error:
        with parts.warehouse.write() as work:
            fail_job(work, job.id, error.detail, **error.details)
            work.commit()
    except NoSpaceError as error:
        if batch.deliveries < MAX_ATTEMPTS:
            raise
        with parts.warehouse.write() as work:
            fail_job(work, job.id, f"reading {job.filename} filled the disk {MAX_ATTEMPTS} times: {error.detail}")
            work.commit()
    remove_copies(parts, job)
    return []


def _land(parts: Parts, group: Sequence[ValidatedSlice]) -> None:
    """Append the group's new versions to bronze, and commit its batches in one transaction, in the order of
    their jobs.
    """
    with parts.warehouse.read() as work:
        current = work.record_catalogue.current_of(key for one in group for key in one.keys())  # noqa: SIM118  it is no mapping
        for place, one in enumerate(group):
            own = one.assign_own_ids(current, work)
            current |= work.record_catalogue.current_of(own - current.keys())
            one.kept_keys = _changed_since(work, one)
            current |= one.compare(current, group[:place])
            known = work.record_catalogue.ocids_of_job(one.touched(), one.job.id) if one.batch.ordinal else set()
            one.processes = len(one.touched() - known)
    new = [one for one in group if one.new]
    for kind in sorted({kind for one in new for kind in one.kinds()}):
        slices = [one for one in new if kind in one.kinds()]
        parts.lake.append_bronze(kind, slices[0].batch.id, bronze_rows(slices, kind))
    with parts.warehouse.write() as work:
        if ended := work.jobs.ended([one.job.id for one in group]):
            # Versions of the others may build on those of this job
            raise LostRaceError(f"job {ended[0]} was ended meanwhile")
        _commit(work, group)
        work.commit()
    for one in group:
        with log_context(job_id=one.job.id, batch=one.batch.id):
            logger.info("landed batch {} of job {}: {}", one.batch.id, one.job.id, one.counts())


def _changed_since(work: ReadUnitOfWork, one: ValidatedSlice) -> set[RecordKey]:
    """Records of a retry that a job accepted after the retried one changed: landing them again would undo that
    change.
    """
    return (
        work.record_catalogue.changed_by_later_jobs(one.keys(), work.jobs.retry_chain(one.job))
        if one.job.retry_of and one.job.type != RAW_JOB_TYPE
        else set()
    )


def _commit(work: WriteUnitOfWork, group: Sequence[ValidatedSlice]) -> None:
    """Commit the batches with one statement per group if possible: bursts of single records spend most of their time
    here.
    """
    new = [one for one in group if one.new]
    seqs = work.batches.commit([(one.batch, one.counts(), one.kinds()) for one in new], now())
    work.batches.close_empty([one.batch for one in group if not one.new], now())
    work.record_catalogue.apply([(one.batch.id, change) for one in new for _, change in one.new])
    work.batches.save_release_marks({one.batch.id: one.marks for one in group if one.marks})
    work.batches.delete_release_marks([one.job.id for one in group if one.batch.ordinal and one.position is None])
    work.jobs.progress(
        [LandedSlice(one.job.id, one.counts(), seqs.get(one.batch.id), one.position) for one in group], now()
    )
    work.outcomes.add([(one.job.id, outcome) for one in group for outcome in one.outcomes])
    jobs = {job.id: job for job in work.jobs.get_many([one.job.id for one in group])}
    for one in group:
        work.quarantine.add(one.job.id, one.batch.id, one.refused)
        one.save_extras(work, now())
        _fail_if_nothing_usable(work, one, jobs[one.job.id].counts)
    if any(one.position is None for one in group) and not organizations_behind(work):
        work.jobs.finish_due(work.watermarks.get("index").seq, now())


def _fail_if_nothing_usable(work: WriteUnitOfWork, one: ValidatedSlice, counts: JobCounts) -> None:
    """Fail a job that ended without an accepted record, or that refuses nearly all of many records.

    The quarantine of a gigabyte of `1,1,1,…` would fill the disk.
    """
    if one.position is None:
        if not counts.accepted and not counts.unchanged:
            work.jobs.fail(one.job.id, one.failure(counts), now())
    elif (
        counts.quarantined >= HOPELESS_REFUSED_RECORDS and counts.quarantined > HOPELESS_REFUSED_SHARE * counts.received
    ):
        one.position = None
        share = f"{counts.quarantined:,} of its first {counts.received:,} records can't be used"
        fail_job(work, one.job.id, f"{share}; reading stopped there, accepted records are kept")
