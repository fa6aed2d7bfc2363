"""Land: the next slice of a job's source becomes a batch of the log; small jobs that wait behind it are landed with it.

Handled twice, a message only lands the next slice: a batch counts from the moment its commit puts it into the ledger, in the
same transaction that moves the job's position; what an interrupted attempt appended to bronze carries a batch id that never counts.
"""

from collections.abc import Callable, Sequence
from time import monotonic

from loguru import logger

from domain.jobs.job import Job, JobCounts
from domain.pipeline.batch import Batch, LandedSlice
from domain.raw_records.versions import RecordKey
from domain.shared.errors import AwayError, InvalidError, LostRaceError, NoSpaceError, TenderlakeError, TooLargeError
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
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now
from services.webhooks.outbox import wake_deliveries

FIRST_SLICE_DIVISOR = 4  # a job's first slice is this part of one, and the next ones at most twice what came before
READ_AHEAD_FILES = 8  # files of waiting jobs that may be read at once
WAITING_JOBS_MAX_SECONDS = 5.0  # in which the reading of waiting jobs begins; those behind are left for later
HOPELESS_REFUSED_RECORDS = 100_000  # refused records of a file behind which it is given up where hardly one is good
HOPELESS_REFUSED_SHARE = 0.99
RAW_JOB_TYPE = "raw"  # jobs whose operations are read where they lie, in turn


def land(parts: Parts, job_id: str, place: str = "") -> None:
    """Land one slice of the job, and the first slices of waiting jobs while they fit; send the messages that follow.

    `place` is the place of the slice among those of the job: a doubled message, whose slice was landed already, does nothing. A slice that
    takes long to read is landed in the background, and what waits behind it goes on.
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


def _read_on(parts: Parts, job: Job, batch: Batch, limit: int) -> list[ValidatedSlice] | None:
    """The job's next slice; None where it takes long, and is landed in the background."""
    if job.type == RAW_JOB_TYPE:
        return _read(parts, job, batch, limit)

    def late(result: Callable[[], list[ValidatedSlice]]) -> None:
        _land_late(parts, batch, result)

    return parts.readings.read(batch, lambda: _read(parts, job, batch, limit), late)


def _land_late(parts: Parts, batch: Batch, result: Callable[[], list[ValidatedSlice]]) -> None:
    """Land what was read in the background. Where that fails, its lease ends, and the sweep sends the job's message again."""
    try:
        _finish(parts, batch.job_id, result())
        wake_deliveries(parts)
    except LostRaceError as error:
        logger.info("land {}: {}", batch.job_id, error.detail)
        end_lease(parts, [batch])
        parts.messages.send("land", batch.job_id)  # where the job was cancelled, that removes the copies of its file
    except AwayError:
        give_back_once_back(parts, [batch])
    except TenderlakeError as error:
        logger.warning("land {}: {}; it will be tried again", batch.job_id, error.detail)
        end_lease(parts, [batch])
    except Exception as error:  # pylint: disable=broad-exception-caught  # nobody waits for this thread
        logger.opt(exception=error).error("land {}: {}", batch.job_id, error)
        end_lease(parts, [batch])


def _finish(parts: Parts, job_id: str, group: list[ValidatedSlice]) -> None:
    """Land what was read, and send the messages that follow."""
    try:
        with parts.readings.renewing_leases([one.batch for one in group]):
            _land(parts, group)
        again = {one.job.id: str(one.batch.ordinal + 1) for one in group if one.position is not None}
    except LostRaceError as error:
        logger.info("land {}: {}; trying again", job_id, error.detail)
        again = {one.job.id: "" for one in group}
        with parts.warehouse.write() as work:
            work.leases.end([one.batch.id for one in group])
            work.raw_job_order.reset_to_waiting(sorted(again))
            work.commit()
    except AwayError:
        give_back_once_back(parts, [one.batch for one in group])
        raise
    for one in group:
        if one.job.id not in again and one.job.type != RAW_JOB_TYPE:
            remove_copies(parts, one.job)
    parts.messages.send("refine")
    wake_oldest_waiting(parts)
    for waiting, following in sorted(again.items()):
        parts.messages.send("land", waiting, *filter(None, [following]))
    wake_next_raw_job(parts)


def _size(full: int, received: int) -> int:
    """Records of a job's next slice: the first ones are small and grow, so that the stages behind soon have something to do."""
    return min(full, max(1, full // FIRST_SLICE_DIVISOR, 2 * received))


def _waiting(parts: Parts, first: Batch, room: int) -> list[ValidatedSlice]:
    """The first slices of jobs that nobody began yet, oldest first, read while there is room; those left over get messages of their own."""
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
                parts.sources.read_ahead([one.sha256 or "" for one, _ in claimed[place : place + READ_AHEAD_FILES] if one.type != RAW_JOB_TYPE])
            found = _read_on(parts, job, batch, room) or []
            group += found
            room -= sum(one.size for one in found)
        if left:
            release_claims(parts, left)
    return group


def _read(parts: Parts, job: Job, batch: Batch, limit: int) -> list[ValidatedSlice]:
    """The job's next slice; none, and the job has failed, where its file can't be read at all."""
    try:
        return [read_operations_slice(parts, job, batch) if job.type == RAW_JOB_TYPE else read_slice(parts, job, batch, limit)]
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
    """Append the group's new versions to bronze, and commit its batches, in order of their jobs, all at once."""
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
        having = [one for one in new if kind in one.kinds()]
        parts.lake.append_bronze(kind, having[0].batch.id, bronze_rows(having, kind))
    with parts.warehouse.write() as work:
        if ended := work.jobs.ended([one.job.id for one in group]):
            raise LostRaceError(f"job {ended[0]} was ended meanwhile")  # what follows builds on the versions of all of them
        _commit(work, group)
        work.commit()
    for one in group:
        logger.debug("landed batch {} of job {}: {}", one.batch.id, one.job.id, one.counts())


def _changed_since(work: ReadUnitOfWork, one: ValidatedSlice) -> set[RecordKey]:
    """Of the records of a retry, those that a job changed that was accepted after the one retried: to land these again would undo it."""
    return (
        work.record_catalogue.changed_by_later_jobs(one.keys(), work.jobs.retry_chain(one.job)) if one.job.retry_of and one.job.type != RAW_JOB_TYPE else set()
    )


def _commit(work: WriteUnitOfWork, group: Sequence[ValidatedSlice]) -> None:
    """A statement for all of the group wherever that can be: a burst of single records is mostly this."""
    new = [one for one in group if one.new]
    seqs = work.batches.commit([(one.batch, one.counts(), one.kinds()) for one in new], now())
    work.batches.close_empty([one.batch for one in group if not one.new], now())
    work.record_catalogue.apply([(one.batch.id, change) for one in new for _, change in one.new])
    work.batches.save_release_marks({one.batch.id: one.marks for one in group if one.marks})
    work.batches.delete_release_marks([one.job.id for one in group if one.batch.ordinal and one.position is None])
    work.jobs.progress([LandedSlice(one.job.id, one.counts(), seqs.get(one.batch.id), one.position) for one in group], now())
    work.outcomes.add([(one.job.id, outcome) for one in group for outcome in one.outcomes])
    jobs = {job.id: job for job in work.jobs.get_many([one.job.id for one in group])}
    for one in group:
        work.quarantine.add(one.job.id, one.batch.id, one.refused)
        one.save_extras(work, now())
        _fail_if_nothing_usable(work, one, jobs[one.job.id].counts)
    if any(one.position is None for one in group) and not organizations_behind(work):
        work.jobs.finish_due(work.watermarks.get("index").seq, now())


def _fail_if_nothing_usable(work: WriteUnitOfWork, one: ValidatedSlice, counts: JobCounts) -> None:
    """Fail the job that ended without anything good, or goes on with hardly any: to list each error of a gigabyte of `1,1,1,…` would fill the disk."""
    if one.position is None:
        if not counts.accepted and not counts.unchanged:
            work.jobs.fail(one.job.id, one.failure(counts), now())
    elif counts.quarantined >= HOPELESS_REFUSED_RECORDS and counts.quarantined > HOPELESS_REFUSED_SHARE * counts.received:
        one.position = None
        said = f"{counts.quarantined:,} of its first {counts.received:,} records can't be used"
        fail_job(work, one.job.id, f"{said}; reading stopped there, what was good before stays")
