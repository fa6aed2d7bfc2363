"""Accept a file: a job in the ledger, then the message that starts its landing.

The file is durable before the job, and the job before the message; a message that can't be sent now is sent by the sweep. Jobs that come
while another one waits get no message: whoever lands the oldest goes on with those behind it.
"""

import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loguru import logger

from domain.errors import InvalidError, NotFoundError, RetryableError, level_of
from domain.job import Hook, Job, JobStatus, JobType, Stage
from services.clock import now
from services.intake.once import Once, first
from services.intake.stages import marks_of, stages_here, with_stages
from services.ports import Files, Messages, Warehouse

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


def accept(warehouse: Warehouse, messages: Messages, jobs: Sequence[Job], once: Once | None = None) -> list[Job]:
    """Put these jobs into the ledger, all or none, and wake the landing up.

    Where `once` was used before, for the same request, its first jobs are the answer and nothing is added. ConflictError for another request.
    """
    with warehouse.write() as work:
        known = first(work, once, [job.id for job in jobs]) if once else None
        if known is not None:
            found, marks = {job.id: job for job in work.jobs.some(known)}, marks_of(work)
            return [with_stages(work, found[one], marks) for one in known]
        behind = bool(work.jobs.waiting(1))  # whoever lands that one goes on with these: a burst needs no message each
        for job in jobs:
            job.stages = [Stage(name=name) for name in stages_here(work)]
            work.jobs.add(job)
        work.commit()
    if not behind:
        try:
            messages.send("land", jobs[0].id)
        except RetryableError as error:
            logger.log(level_of(error), "job {} is accepted, but its message waits for the sweep: {}", jobs[0].id, error.detail)
    return list(jobs)


def submit(
    warehouse: Warehouse,
    messages: Messages,
    *,
    sha256: str,
    size: int,
    filename: str | None,
    actor: str,
    kind: JobType = "upload",
    once: Once | None = None,
    webhook: Hook | None = None,
    **more: Any,
) -> Job:
    """A job that lands the stored file; the first one where `once` was used before. InvalidError for an empty file. `more` are further fields of the job."""
    if size == 0:
        raise InvalidError("the file is empty")
    return accept(warehouse, messages, [new_job(kind=kind, actor=actor, filename=filename, sha256=sha256, webhook=webhook, **more)], once)[0]


def seed(
    warehouse: Warehouse, messages: Messages, files: Files, paths: Sequence[Path], actor: str, once: Once | None = None, webhook: Hook | None = None
) -> list[Job]:
    """A job for each of the files, in the order given. NotFoundError where there are none."""
    if not paths:
        raise NotFoundError("no seeds are bundled with this installation")
    stored = [(path.name, files.copy(path)[0]) for path in paths]
    jobs = [new_job(kind="seed", actor=actor, filename=name, sha256=sha256, webhook=webhook) for name, sha256 in stored]
    return accept(warehouse, messages, jobs, once)
