"""Webhook subscriptions, their events, and the payload of a job's event."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from domain.jobs.job import Job, JobStatus

Event = Literal["job.finished", "job.failed", "job.cancelled"]
EVENT_OF_STATUS: dict[JobStatus, Event] = {
    JobStatus.SUCCEEDED: "job.finished",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}


class Webhook(BaseModel):
    """A subscription to events of all users. `secret` is encrypted."""

    id: str
    url: str
    secret: str
    events: list[str]
    active: bool = True
    description: str = ""
    created_at: datetime


def job_event_payload(job: Job) -> dict[str, Any]:
    """The payload of the event of a job that ended."""
    told = job.model_dump(
        mode="json",
        include={"id", "type", "status", "actor", "filename", "sha256", "counts", "error", "created_at", "finished_at"},
    )
    return {
        "event": EVENT_OF_STATUS[job.status],
        "job": told | {"links": {"self": f"/v1/jobs/{job.id}", "errors": f"/v1/jobs/{job.id}/errors"}},
    }
