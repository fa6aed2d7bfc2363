"""Claims the slice that a land message works on, so that two attempts never land the same slice at the same time.

A claim opens a batch with a lease (services/pipeline/landing/worker_leases.py). A slice that ends its worker
MAX_ATTEMPTS times fails its job.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from loguru import logger

from domain.jobs.job import Job, JobError, JobStatus
from domain.pipeline.batch import LEASE_DURATION, Batch
from domain.shared.errors import RetryableError
from services.pipeline.landing.raw_job_order import next_in_order, wake_next_raw_job
from services.pipeline.stage import WAIT_SECONDS, disk_is_full
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

MAX_ATTEMPTS = 3  # attempts at a slice that end the worker before its job fails
GROUP_MAX_JOBS = 250  # waiting jobs that one run lands together: a burst of single records needs few runs


def claim_slice(parts: Parts, job_id: str, place: str) -> tuple[Job, Batch] | None:
    """The job with a new batch for its next slice; None if it has nothing left to land, or is leased, or must wait.

    `place` is the ordinal of the slice that the message asks for, or "".
    """
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
        if (
            job is None
            or job.status.final
            or job.landed
            or _is_leased(parts, work, job.id)
            or _landed(work, job.id, job_id, place)
        ):
            return None
        work.jobs.start([job.id], now())
        batch = work.batches.open([job.id], now(), parts.readings.worker, now() + LEASE_DURATION)[0]
        over = batch.deliveries > MAX_ATTEMPTS
        if over:
            fail_job(
                work,
                job.id,
                f"reading at {job.position or 'its beginning'} ended its worker {MAX_ATTEMPTS} times; slices landed "
                "before are kept",
            )
        work.commit()
    if over:
        remove_copies(parts, job)
        wake_next_raw_job(parts)
        wake_oldest_waiting(parts)
    return None if over else (job, batch)


def claim_waiting(parts: Parts, first: Batch) -> list[tuple[Job, Batch]]:
    """Waiting jobs, oldest first, each with a new batch, to be landed together with the `first` one."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(GROUP_MAX_JOBS)
    if not waiting:
        return []
    with parts.warehouse.write() as work:
        later = work.raw_job_order.out_of_turn(waiting, [first.job_id])
        jobs = work.jobs.claim([one for one in waiting if one not in later], now())
        claimed = list(
            zip(
                jobs,
                work.batches.open([job.id for job in jobs], now(), parts.readings.worker, now() + LEASE_DURATION),
                strict=True,
            )
        )
        work.commit()
    return claimed


def release_claims(parts: Parts, left: Sequence[Batch]) -> None:
    """Return these jobs to waiting, as if not started, and send a message for each."""
    with parts.warehouse.write() as work:
        work.batches.close_unread(left)
        work.raw_job_order.reset_to_waiting([batch.job_id for batch in left])
        work.commit()
    for batch in left:
        parts.messages.send("land", batch.job_id)


def give_back_once_back(parts: Parts, left: Sequence[Batch]) -> None:
    """Release the claims once the warehouse is back. An outage is no fault of the file, so it does not count as an
    attempt.
    """
    with suppress(RetryableError):  # otherwise the lease expires, and the sweep sends the message
        parts.warehouse.wait(WAIT_SECONDS)
        release_claims(parts, left)


def _landed(work: ReadUnitOfWork, job_id: str, asked: str, place: str) -> bool:
    """Whether the slice that the message names is landed already; not asked of a job that is landed in place of
    another.
    """
    return bool(place) and job_id == asked and bool(work.batches.count_landed_slices(job_id) > int(place))


def _is_leased(parts: Parts, work: ReadUnitOfWork, job_id: str) -> bool:
    """Whether another attempt has the lease. A restarted worker takes over the leases of its predecessor of the same
    name.
    """
    worker = work.leases.active_workers([job_id], now()).get(job_id)
    return worker is not None and (worker != parts.readings.worker or parts.readings.is_landing(job_id))


def end_lease(parts: Parts, batches: Sequence[Batch]) -> None:
    """End the leases, so that the next attempt need not wait. If the warehouse does not answer, they expire by
    themselves.
    """
    with suppress(Exception), parts.warehouse.write() as work:
        work.leases.end([batch.id for batch in batches])
        work.commit()


def wake_oldest_waiting(parts: Parts) -> None:
    """Send a message for the oldest waiting job: jobs accepted while others wait get no message of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(1)
    for job_id in waiting:
        parts.messages.send("land", job_id)


def remove_copies(parts: Parts, job: Job) -> None:
    """Remove the temporary copies of the job's file from the spool."""
    parts.sources.remove_copies(job.sha256 or "", job.id)


def fail_job(work: WriteUnitOfWork, job_id: str, detail: str, **details: Any) -> None:
    """Fail the job with the reason `detail`; nothing more of it is landed."""
    logger.warning("job {} failed: {}", job_id, detail)
    error = {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}
    work.jobs.fail(job_id, JobError.model_validate(error), now())
