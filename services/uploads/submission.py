"""Submits a file: creates its job in the ledger, then sends the message that starts its landing.

The file is durable before the job, and the job before the message; the sweep sends messages that failed. Jobs that are
accepted while another one waits get no message: the worker that lands the oldest continues with the next.
"""

from collections.abc import Sequence
from pathlib import Path

from domain.jobs.job import Job, JobType, JobWebhook
from domain.shared.errors import InvalidError, NotFoundError
from services.jobs.acceptance import accept, new_job
from services.jobs.idempotency import IdempotencyKey
from services.ports.files import StoredFiles
from services.ports.queue import MessageQueue
from services.ports.warehouse import Warehouse


def submit(
    warehouse: Warehouse,
    messages: MessageQueue,
    *,
    sha256: str,
    size: int,
    filename: str | None,
    actor: str,
    kind: JobType = "upload",
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
    ocid: str | None = None,
) -> Job:
    """Return a job that lands the stored file, or the first job of a repeated idempotency key.

    InvalidError for an empty file.
    """
    if size == 0:
        raise InvalidError("the file is empty")
    job = new_job(kind=kind, actor=actor, filename=filename, sha256=sha256, webhook=webhook, ocid=ocid)
    return accept(warehouse, messages, [job], idempotency)[0]


def seed(
    warehouse: Warehouse,
    messages: MessageQueue,
    files: StoredFiles,
    paths: Sequence[Path],
    actor: str,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> list[Job]:
    """Return a job for each of the files, in order. NotFoundError if there are none."""
    if not paths:
        raise NotFoundError("this installation has no bundled seeds")
    stored = [(path.name, files.copy(path)[0]) for path in paths]
    jobs = [new_job(kind="seed", actor=actor, filename=name, sha256=sha256, webhook=webhook) for name, sha256 in stored]
    return accept(warehouse, messages, jobs, idempotency)
