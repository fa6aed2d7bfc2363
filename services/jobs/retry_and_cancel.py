"""What can be done about a job: cancel it while it is being landed, or land its file again once the cause of its trouble is gone."""

from contextlib import suppress
from typing import Any

from domain.jobs.job import Job, JobStatus, JobWebhook
from domain.shared.errors import ConflictError, GoneError, RetryableError
from services.jobs.acceptance import accept, new_job
from services.jobs.idempotency import IdempotencyKey, was_used
from services.jobs.queries import get_job, require_job
from services.ports.parts import Parts
from services.shared.clock import now
from services.webhooks.outbox import wake_deliveries

# What a job was given when it was accepted, and what its second life begins without.
COPIED_FIELDS = {"type", "filename", "sha256", "ocid", "webhook"}
UNCOPIED_FIELDS = {"id", "actor", "status", "created_at", "started_at", "landed_at", "finished_at", "retry_of"}
UNCOPIED_FIELDS |= {"stages", "counts", "error", "first_seq", "last_seq", "position", "landed"}


def cancel(parts: Parts, job_id: str, actor: str) -> Job:
    """Stop a job before it is landed; what it had committed by then stays, and the job says so. ConflictError where it is too late."""
    with parts.warehouse.write() as work:
        job = require_job(work, job_id)
        if not work.jobs.cancel(job_id, _cancelled(job, actor), now()):
            raise ConflictError(_too_late(job))
        work.commit()
    wake_deliveries(parts)
    with suppress(RetryableError):
        parts.messages.send("land", job_id)  # gives back what reading left on disk
    return get_job(parts.warehouse, job_id)


def retry(parts: Parts, job_id: str, actor: str, idempotency: IdempotencyKey | None = None, webhook: JobWebhook | None = None) -> Job:
    """A new job over the same file; what was changed since the old one was accepted stays.

    ConflictError where there is nothing to retry, GoneError where the file is gone.
    """
    with parts.warehouse.read() as work:
        job = require_job(work, job_id)
        under_way = work.jobs.retry_under_way(job_id)
        before = was_used(work, idempotency)
    if reason := _nothing_to_retry(job):
        raise ConflictError(reason)
    if under_way and not before:
        raise ConflictError(f"job {under_way} is retrying it already", job=under_way)
    if not job.sha256 or not parts.files.path(job.sha256).exists():
        raise GoneError(f"the file of job {job_id} is gone from the data folder; send it again")
    again = new_job(kind=job.type, actor=actor, filename=job.filename, sha256=job.sha256, retry_of=job.id, **_given(job))
    if webhook:
        again.webhook = webhook
    return accept(parts.warehouse, parts.messages, [again], idempotency)[0]


def _given(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in COPIED_FIELDS - {"type", "filename", "sha256"}}


def _cancelled(job: Job, actor: str) -> dict[str, Any]:
    kept = job.counts.accepted
    stays = f"; {kept} records that were landed by then stay" if kept else "; nothing of it was landed"
    return {"title": "Cancelled", "detail": f"{actor} cancelled it{stays}", "stage": "land"}


def _too_late(job: Job) -> str:
    if job.status.final:
        return f"job {job.id} has ended already; it is {job.status}"
    return f"job {job.id} is landed already; its records can be changed under /v1/raw"


def _nothing_to_retry(job: Job) -> str | None:
    if not job.status.final:
        return f"job {job.id} has not ended; it is {job.status}"
    if job.type == "rebuild":
        return f"job {job.id} was a rebuild, which has no file; start another one"
    if job.status is JobStatus.SUCCEEDED and not job.counts.quarantined:
        return f"job {job.id} succeeded, and none of its records is in quarantine"
    if job.type == "raw" and (job.status is JobStatus.SUCCEEDED or job.counts.accepted):
        return f"job {job.id} changed records, and doing so again could undo later changes; send those again that were refused"
    return None
