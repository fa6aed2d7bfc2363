"""Turns: jobs that change raw records are landed one after the other, in the order in which they were accepted.

A worker that gets the message of a later one lands the oldest in its place, or leaves it to the worker that is at it; whoever has
landed one sends the message of the next.
"""

from datetime import timedelta

from domain.jobs.job import Job
from domain.pipeline.batch import NextRawJob
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now

ABANDONED_AFTER = timedelta(seconds=10)  # longer than a slice takes: whoever began then has ended


def next_in_order(work: ReadUnitOfWork, job: Job) -> Job | None:
    """The job that is to be landed for this one's message: itself, or the one whose turn it is; None where a worker is at that."""
    first = work.raw_job_order.oldest_unlanded(now()) if job.type == "raw" else None
    if first is None or first.job_id == job.id:
        return job
    found = work.jobs.get(first.job_id) if _free(first) else None
    return found


def wake_next_raw_job(parts: Parts) -> None:
    """Send the message of the job whose turn it is, unless a worker is at it."""
    with parts.warehouse.read() as work:
        first = work.raw_job_order.oldest_unlanded(now())
    if first is not None and _free(first):
        parts.messages.send("land", first.job_id)


def _free(turn: NextRawJob) -> bool:
    return turn.begun_at is None or (not turn.leased and turn.begun_at < now() - ABANDONED_AFTER)
