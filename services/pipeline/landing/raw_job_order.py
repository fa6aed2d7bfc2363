"""Lands jobs that change raw records one after the other, in the order in which they were accepted.

A worker that receives the message of a later job lands the oldest one instead, unless another worker is landing it. The
worker that has landed a job sends the message of the next one.
"""

from datetime import timedelta

from domain.jobs.job import Job
from domain.pipeline.batch import NextRawJob
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now

ABANDONED_AFTER = timedelta(seconds=10)  # longer than a slice takes: without a lease, its worker has ended


def next_in_order(work: ReadUnitOfWork, job: Job) -> Job | None:
    """The job to land for this job's message: the oldest unlanded raw job, else itself; None if a worker is
    landing it.
    """
    first = work.raw_job_order.oldest_unlanded(now()) if job.type == "raw" else None
    if first is None or first.job_id == job.id:
        return job
    return work.jobs.get(first.job_id) if _is_unclaimed(first) else None


def wake_next_raw_job(parts: Parts) -> None:
    """Send the message of the oldest unlanded raw job, unless a worker is landing it."""
    with parts.warehouse.read() as work:
        first = work.raw_job_order.oldest_unlanded(now())
    if first is not None and _is_unclaimed(first):
        parts.messages.send("land", first.job_id)


def _is_unclaimed(job: NextRawJob) -> bool:
    return job.begun_at is None or (not job.leased and job.begun_at < now() - ABANDONED_AFTER)
