"""Accept a file: a job in the ledger, then the message that starts its landing.

The file is durable before the job, and the job before the message; a message that can't be sent now is sent by the sweep.
"""

import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from loguru import logger

from domain.errors import InvalidError, NotFoundError, RetryableError
from domain.job import STAGES, Job, JobStatus, JobType, Stage
from services.clock import now
from services.ports import Files, Messages, Warehouse

CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def job_id() -> str:
    """A fresh id: 48 bits of milliseconds and 80 of chance in hexadecimal, so that ids sort by age."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def file_name(given: str | None) -> str:
    """The last part of the name that the caller gave, fit to be kept and shown; `upload` where there is none."""
    bare = CONTROL.sub("", given or "").replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip()
    return bare[-255:] or "upload"


def submit(warehouse: Warehouse, messages: Messages, *, sha256: str, size: int, filename: str | None, actor: str, kind: JobType = "upload") -> Job:
    """A job that lands the stored file. InvalidError for an empty one."""
    if size == 0:
        raise InvalidError("the file is empty")
    job = Job(id=job_id(), type=kind, status=JobStatus.ACCEPTED, actor=actor, filename=file_name(filename), sha256=sha256, created_at=now())
    job.stages = [Stage(name=name) for name in STAGES]
    with warehouse.write() as work:
        work.jobs.add(job)
        work.commit()
    try:
        messages.send("land", job.id)
    except RetryableError as error:
        logger.warning("job {} is accepted, but its message waits for the sweep: {}", job.id, error.detail)
    return job


def seed(warehouse: Warehouse, messages: Messages, files: Files, paths: Sequence[Path], actor: str) -> list[Job]:
    """A job for each of the files, in the order given. NotFoundError where there are none."""
    if not paths:
        raise NotFoundError("no seeds are bundled with this installation")
    jobs = []
    for path in paths:
        sha256, size = files.copy(path)
        jobs.append(submit(warehouse, messages, sha256=sha256, size=size, filename=path.name, actor=actor, kind="seed"))
    return jobs
