"""Accepts jobs: adds them to the ledger, then sends the message that starts their landing.

The sweep sends messages that were lost.
"""

import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

from loguru import logger

from domain.jobs.job import Job, JobStatus, JobType, Stage
from domain.shared.errors import RetryableError, level_of
from domain.shared.log_context import log_context
from services.jobs.idempotency import IdempotencyKey, claim_key
from services.jobs.stage_status import active_stages, stage_watermarks, with_stages
from services.ports.queue import MessageQueue
from services.ports.warehouse import Warehouse
from services.shared.clock import now

CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def job_id() -> str:
    """Return a new job id: 48 bits of milliseconds and 80 random bits in hexadecimal, so that ids sort by age."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def file_name(given: str | None) -> str:
    """Return the last part of the client's file name without control characters; `upload` if nothing is left."""
    bare = CONTROL.sub("", given or "").replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip()
    return bare[-255:] or "upload"


def new_job(*, kind: JobType, actor: str, filename: str | None, sha256: str | None, **more: Any) -> Job:
    """Return a new job, not yet in the ledger; `more` are further fields of it."""
    return Job(
        id=job_id(),
        type=kind,
        status=JobStatus.ACCEPTED,
        actor=actor,
        filename=file_name(filename),
        sha256=sha256,
        created_at=now(),
        **more,
    )


def accept(
    warehouse: Warehouse, messages: MessageQueue, jobs: Sequence[Job], idempotency: IdempotencyKey | None = None
) -> list[Job]:
    """Add these jobs to the ledger, all or none, and send the land message.

    A known idempotency key of the same request returns its first jobs instead; nothing is added. ConflictError if the
    key belongs to another request.
    """
    with warehouse.write() as work:
        known = claim_key(work, idempotency, [job.id for job in jobs]) if idempotency else None
        if known is not None:
            watermarks = stage_watermarks(work)
            found = {job.id: job for job in work.jobs.get_many(known)}
            return [with_stages(work, found[key], watermarks) for key in known]
        # The worker that lands a waiting job continues with these, so a burst needs no message each.
        waiting = bool(work.jobs.waiting(1))
        for job in jobs:
            job.stages = [Stage(name=name) for name in active_stages(work)]
            work.jobs.add(job)
        work.commit()
    for job in jobs:
        with log_context(job_id=job.id):
            logger.info("job {} is accepted: {} {}", job.id, job.type, job.filename)
    if not waiting:
        try:
            messages.send("land", jobs[0].id)
        except RetryableError as error:
            text = "job {} is accepted, but its message could not be sent; the sweep will send it: {}"
            logger.log(level_of(error), text, jobs[0].id, error.detail)
    return list(jobs)
