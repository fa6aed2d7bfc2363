"""Cancelling a job before it has landed, and retrying the file of a job after its cause of failure is removed."""

from contextlib import suppress
from typing import Any

from domain.jobs.job import Job, JobError, JobStatus, JobWebhook
from domain.shared.errors import ConflictError, GoneError, RetryableError
from services.jobs.acceptance import accept, new_job
from services.jobs.idempotency import IdempotencyKey, was_used
from services.jobs.queries import get_job, require_job
from services.ports.files import StoredFiles
from services.ports.queue import MessageQueue
from services.ports.warehouse import Warehouse
from services.shared.clock import now
from services.webhooks.outbox import wake_deliveries

# Fields that a retry copies, and fields that it starts without.
COPIED_FIELDS = {"type", "filename", "sha256", "ocid", "webhook"}
UNCOPIED_FIELDS = {"id", "actor", "status", "created_at", "started_at", "landed_at", "finished_at", "retry_of"}
UNCOPIED_FIELDS |= {"stages", "counts", "error", "first_seq", "last_seq", "position", "landed"}


def cancel(warehouse: Warehouse, messages: MessageQueue, job_id: str, actor: str) -> Job:
    """Cancel a job that has not landed completely; committed records stay. ConflictError if it is too late."""
    with warehouse.write() as work:
        job = require_job(work, job_id)
        if not work.jobs.cancel(job_id, _cancelled(job, actor), now()):
            raise ConflictError(_too_late(job))
        work.commit()
    wake_deliveries(warehouse, messages)
    with suppress(RetryableError):
        messages.send("land", job_id)  # removes the spool copies of the job
    return get_job(warehouse, job_id)


def retry(
    warehouse: Warehouse,
    messages: MessageQueue,
    files: StoredFiles,
    job_id: str,
    actor: str,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> Job:
    """Make a new job over the same file; records changed since the old job was accepted stay as they are.

    ConflictError if the job can't be retried, GoneError if the file no longer exists.
    """
    with warehouse.read() as work:
        job = require_job(work, job_id)
        under_way = work.jobs.retry_under_way(job_id)
        repeated = was_used(work, idempotency)
    if reason := _nothing_to_retry(job):
        raise ConflictError(reason)
    if under_way and not repeated:
        raise ConflictError(f"job {under_way} is already a retry of it", job=under_way)
    if not job.sha256 or not files.path(job.sha256).exists():
        raise GoneError(f"the data folder no longer has the file of job {job_id}; upload it again")
    repeat = new_job(
        kind=job.type, actor=actor, filename=job.filename, sha256=job.sha256, retry_of=job.id, **_copied_fields(job)
    )
    if webhook:
        repeat.webhook = webhook
    return accept(warehouse, messages, [repeat], idempotency)[0]


def _copied_fields(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in COPIED_FIELDS - {"type", "filename", "sha256"}}


def _cancelled(job: Job, actor: str) -> JobError:
    landed = job.counts.accepted
    stays = f"; {landed} landed records stay" if landed else "; no record had landed"
    return JobError(title="Cancelled", detail=f"cancelled by {actor}{stays}")


def _too_late(job: Job) -> str:
    if job.status.final:
        return f"job {job.id} has already ended; its status is {job.status}"
    if job.type == "export":
        return f"job {job.id} is an export, which can't be cancelled"
    return f"job {job.id} has already landed; change its records under /v1/raw"


def _nothing_to_retry(job: Job) -> str | None:
    if not job.status.final:
        return f"job {job.id} has not ended; its status is {job.status}"
    if job.type in {"rebuild", "match", "export"}:
        return f"job {job.id} was of type {job.type}, which has no file to land; start a new one"
    if job.status is JobStatus.SUCCEEDED and not job.counts.quarantined:
        return f"job {job.id} succeeded, and none of its records is in quarantine"
    if job.type == "raw" and (job.status is JobStatus.SUCCEEDED or job.counts.accepted):
        reason = "repeating it could undo later changes; send the refused records again"
        return f"job {job.id} changed records, and {reason}"
    return None
