"""Claims: which job's slice a landing takes, so that no two attempts are at one at a time.

A claim opens a batch under a lease (services/stages/leases.py); a slice that ended its worker again and again fails its job.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from loguru import logger

from domain.job import LEASE, Batch, Job, JobStatus
from services.clock import now
from services.ports import Parts, Work
from services.stages.runs import crowded
from services.stages.turns import in_turn, wake_next

DELIVERIES = 3  # a slice that killed its worker this often is set aside
TOGETHER = 250  # waiting jobs that are landed in one go at most: a burst of single records costs a few runs


def claim(parts: Parts, job_id: str, place: str) -> tuple[Job, Batch] | None:
    """The job with a fresh batch, or None where nothing of it is left to land."""
    with parts.warehouse.read() as work:
        found: Job | None = work.jobs.get(job_id)
        if found is None or found.status.final or found.landed:
            if found is not None and found.status is JobStatus.CANCELLED and not _taken(parts, work, job_id):
                release(parts, found)
            return None
    if crowded(parts, f"landing job {job_id}"):
        return None
    with parts.warehouse.write() as work:
        job: Job | None = in_turn(work, work.jobs.get(job_id))
        if job is None or job.status.final or job.landed or _taken(parts, work, job.id) or _landed(work, job.id, job_id, place):
            return None
        work.jobs.start([job.id], now())
        batch: Batch = work.batches.open([job.id], now(), parts.readings.worker, now() + LEASE)[0]
        over = batch.deliveries > DELIVERIES
        if over:
            fail(work, job.id, f"reading on at {job.position or 'its beginning'} ended its worker {DELIVERIES} times; what was landed before stays")
        work.commit()
    if over:
        release(parts, job)
        wake_next(parts)
        go_on(parts)
    return None if over else (job, batch)


def claim_waiting(parts: Parts, first: Batch) -> list[tuple[Job, Batch]]:
    """Jobs that nobody began yet, oldest first, with a fresh batch each, to be landed together with the `first` one."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(TOGETHER)
    if not waiting:
        return []
    with parts.warehouse.write() as work:
        later = work.turns.out_of_turn(waiting, [first.job_id])
        jobs = work.jobs.claim([one for one in waiting if one not in later], now())
        claimed = list(zip(jobs, work.batches.open([job.id for job in jobs], now(), parts.readings.worker, now() + LEASE), strict=True))
        work.commit()
    return claimed


def give_back(parts: Parts, left: Sequence[Batch]) -> None:
    """Have these jobs wait again, as if nobody had begun them, with messages of their own."""
    with parts.warehouse.write() as work:
        work.batches.give_back(left)
        work.turns.put_back([batch.job_id for batch in left])
        work.commit()
    for batch in left:
        parts.messages.send("land", batch.job_id)


def _landed(work: Work, job_id: str, asked: str, place: str) -> bool:
    """Whether the slice that the message is about was landed already; the job that goes before it in its turn is landed whatever the message says."""
    return bool(place) and job_id == asked and bool(work.batches.landed(job_id) > int(place))


def _taken(parts: Parts, work: Work, job_id: str) -> bool:
    """Whether another attempt at the job lives. What a dead worker held is taken over by its successor of the same name at once."""
    worker: str | None = work.leases.of([job_id], now()).get(job_id)
    return worker is not None and (worker != parts.readings.worker or parts.readings.holds(job_id))


def end_lease(parts: Parts, batches: Sequence[Batch]) -> None:
    """Let anybody try again at once. Where the warehouse does not answer, the lease runs out by itself."""
    with suppress(Exception), parts.warehouse.write() as work:
        work.leases.end([batch.id for batch in batches])
        work.commit()


def go_on(parts: Parts) -> None:
    """Send the message of the oldest job that nobody began: those that came while others waited have none of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(1)
    for job_id in waiting:
        parts.messages.send("land", job_id)


def release(parts: Parts, job: Job) -> None:
    """Remove the copies of the job's file."""
    parts.sources.release(job.sha256 or "", job.id)


def fail(work: Work, job_id: str, detail: str, **details: Any) -> None:
    """End the job, of which nothing more is landed, with the reason."""
    logger.warning("job {} failed: {}", job_id, detail)
    work.jobs.fail(job_id, {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}, now())
