"""Claims: which job's slice a landing takes, so that no two attempts are at one at a time.

A claim opens a batch under a lease (services/pipeline/landing/worker_leases.py); a slice that ended its worker again and again fails its job.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from loguru import logger

from domain.jobs.job import Job, JobStatus
from domain.pipeline.batch import LEASE_DURATION, Batch
from domain.shared.errors import RetryableError
from services.pipeline.landing.raw_job_order import next_in_order, wake_next_raw_job
from services.pipeline.stage_runner import WAIT_SECONDS, disk_is_full
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

MAX_ATTEMPTS = 3  # a slice that killed its worker this often is set aside
GROUP_MAX_JOBS = 250  # waiting jobs that are landed in one go at most: a burst of single records costs a few runs


def claim_slice(parts: Parts, job_id: str, place: str) -> tuple[Job, Batch] | None:
    """The job with a fresh batch, or None where nothing of it is left to land."""
    with parts.warehouse.read() as work:
        found = work.jobs.get(job_id)
        if found is None or found.status.final or found.landed:
            if found is not None and found.status is JobStatus.CANCELLED and not _is_leased(parts, work, job_id):
                remove_copies(parts, found)
            return None
    if disk_is_full(parts, f"landing job {job_id}"):
        return None
    with parts.warehouse.write() as work:
        asked = work.jobs.get(job_id)
        job = next_in_order(work, asked) if asked else None
        if job is None or job.status.final or job.landed or _is_leased(parts, work, job.id) or _landed(work, job.id, job_id, place):
            return None
        work.jobs.start([job.id], now())
        batch = work.batches.open([job.id], now(), parts.readings.worker, now() + LEASE_DURATION)[0]
        over = batch.deliveries > MAX_ATTEMPTS
        if over:
            fail_job(work, job.id, f"reading on at {job.position or 'its beginning'} ended its worker {MAX_ATTEMPTS} times; what was landed before stays")
        work.commit()
    if over:
        remove_copies(parts, job)
        wake_next_raw_job(parts)
        wake_oldest_waiting(parts)
    return None if over else (job, batch)


def claim_waiting(parts: Parts, first: Batch) -> list[tuple[Job, Batch]]:
    """Jobs that nobody began yet, oldest first, with a fresh batch each, to be landed together with the `first` one."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(GROUP_MAX_JOBS)
    if not waiting:
        return []
    with parts.warehouse.write() as work:
        later = work.raw_job_order.out_of_turn(waiting, [first.job_id])
        jobs = work.jobs.claim([one for one in waiting if one not in later], now())
        claimed = list(zip(jobs, work.batches.open([job.id for job in jobs], now(), parts.readings.worker, now() + LEASE_DURATION), strict=True))
        work.commit()
    return claimed


def release_claims(parts: Parts, left: Sequence[Batch]) -> None:
    """Have these jobs wait again, as if nobody had begun them, with messages of their own."""
    with parts.warehouse.write() as work:
        work.batches.close_unread(left)
        work.raw_job_order.reset_to_waiting([batch.job_id for batch in left])
        work.commit()
    for batch in left:
        parts.messages.send("land", batch.job_id)


def give_back_once_back(parts: Parts, left: Sequence[Batch]) -> None:
    """Give back what a part that is away ended: that is no fault of the file's, and counts as no attempt. The warehouse may be that part."""
    with suppress(RetryableError):  # else the lease runs out by itself, and the sweep sends the message
        parts.warehouse.wait(WAIT_SECONDS)
        release_claims(parts, left)


def _landed(work: ReadUnitOfWork, job_id: str, asked: str, place: str) -> bool:
    """Whether the slice that the message is about was landed already; the job that goes before it in its turn is landed whatever the message says."""
    return bool(place) and job_id == asked and bool(work.batches.count_landed_slices(job_id) > int(place))


def _is_leased(parts: Parts, work: ReadUnitOfWork, job_id: str) -> bool:
    """Whether another attempt at the job lives. What a dead worker held is taken over by its successor of the same name at once."""
    worker = work.leases.active_workers([job_id], now()).get(job_id)
    return worker is not None and (worker != parts.readings.worker or parts.readings.is_landing(job_id))


def end_lease(parts: Parts, batches: Sequence[Batch]) -> None:
    """Let anybody try again at once. Where the warehouse does not answer, the lease runs out by itself."""
    with suppress(Exception), parts.warehouse.write() as work:
        work.leases.end([batch.id for batch in batches])
        work.commit()


def wake_oldest_waiting(parts: Parts) -> None:
    """Send the message of the oldest job that nobody began: those that came while others waited have none of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(1)
    for job_id in waiting:
        parts.messages.send("land", job_id)


def remove_copies(parts: Parts, job: Job) -> None:
    """Remove the copies of the job's file."""
    parts.sources.remove_copies(job.sha256 or "", job.id)


def fail_job(work: WriteUnitOfWork, job_id: str, detail: str, **details: Any) -> None:
    """End the job, of which nothing more is landed, with the reason."""
    logger.warning("job {} failed: {}", job_id, detail)
    work.jobs.fail(job_id, {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}, now())
