"""Events of ended jobs: their payload, and the deliveries that report them. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.jobs.job import Job, JobStatus
from domain.webhooks.deliveries import Delivery
from domain.webhooks.webhook import Event, Webhook

EVENT_OF_STATUS: dict[JobStatus, Event] = {
    JobStatus.SUCCEEDED: "job.finished",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}


def job_event_payload(job: Job) -> dict[str, Any]:
    """The payload of the event of a job that ended."""
    public = job.model_dump(
        mode="json",
        include={"id", "type", "status", "actor", "filename", "sha256", "counts", "error", "created_at", "finished_at"},
    )
    return {
        "event": EVENT_OF_STATUS[job.status],
        "job": public | {"links": {"self": f"/v1/jobs/{job.id}", "errors": f"/v1/jobs/{job.id}/errors"}},
    }


def job_event_deliveries(jobs: Sequence[Job], webhooks: Sequence[Webhook], now: datetime) -> list[Delivery]:
    """Deliveries about ended jobs: to the active webhooks that subscribe to the event, and to the job's own webhook."""
    deliveries = []
    for job in jobs:
        payload = job_event_payload(job)
        event = payload["event"]
        receivers = [(one.id, one.url, one.secret) for one in webhooks if one.active and event in one.events]
        own = [(None, job.webhook.url, job.webhook.secret)] if job.webhook else []
        deliveries += [
            Delivery(
                webhook_id=webhook_id,
                url=url,
                secret=secret,
                ref=job.id,
                event=event,
                payload=payload,
                created_at=now,
                next_at=now,
            )
            for webhook_id, url, secret in [*receivers, *own]
        ]
    return deliveries
