"""Accepting jobs: a row in the ledger, then the message that starts its landing. A message that is lost is sent again by the sweep."""

import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

from loguru import logger

from domain.jobs.job import Job, JobStatus, JobType, Stage
from domain.shared.errors import RetryableError, level_of
from services.jobs.idempotency import IdempotencyKey, claim_key
from services.jobs.stage_status import active_stages, stage_watermarks, with_stages
from services.ports.queue import MessageQueue
from services.ports.warehouse import Warehouse
from services.shared.clock import now

CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def job_id() -> str:
    """A fresh id: 48 bits of milliseconds and 80 of chance in hexadecimal, so that ids sort by age."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def file_name(given: str | None) -> str:
    """The last part of the name that the caller gave, fit to be kept and shown; `upload` where there is none."""
    bare = CONTROL.sub("", given or "").replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip()
    return bare[-255:] or "upload"


def new_job(*, kind: JobType, actor: str, filename: str | None, sha256: str, **more: Any) -> Job:
    """A job that nobody has accepted yet; `more` are further fields of it."""
    return Job(id=job_id(), type=kind, status=JobStatus.ACCEPTED, actor=actor, filename=file_name(filename), sha256=sha256, created_at=now(), **more)


def accept(warehouse: Warehouse, messages: MessageQueue, jobs: Sequence[Job], idempotency: IdempotencyKey | None = None) -> list[Job]:
    """Put these jobs into the ledger, all or none, and wake the landing up.

    Where `once` was used before, for the same request, its first jobs are the answer and nothing is added. ConflictError for another request.
    """
    with warehouse.write() as work:
        known = claim_key(work, idempotency, [job.id for job in jobs]) if idempotency else None
        if known is not None:
            found, marks = {job.id: job for job in work.jobs.get_many(known)}, stage_watermarks(work)
            return [with_stages(work, found[one], marks) for one in known]
        behind = bool(work.jobs.waiting(1))  # whoever lands that one goes on with these: a burst needs no message each
        for job in jobs:
            job.stages = [Stage(name=name) for name in active_stages(work)]
            work.jobs.add(job)
        work.commit()
    if not behind:
        try:
            messages.send("land", jobs[0].id)
        except RetryableError as error:
            logger.log(level_of(error), "job {} is accepted, but its message waits for the sweep: {}", jobs[0].id, error.detail)
    return list(jobs)
