"""Deliveries about ended jobs."""

from datetime import UTC, datetime
from typing import Any

from domain.jobs.job import Job, JobStatus, JobWebhook
from domain.webhooks.job_events import job_event_deliveries
from domain.webhooks.webhook import Webhook

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def job(status: JobStatus, **fields: Any) -> Job:
    return Job(id=f"job-{status}", type="upload", status=status, actor="a", created_at=NOW, **fields)


def webhook(name: str, *events: str, active: bool = True) -> Webhook:
    url = f"https://{name}.test/"
    return Webhook(id=name, url=url, secret=f"{name}!", events=list(events), active=active, created_at=NOW)


def test_active_webhooks_that_subscribe_to_the_event_and_the_own_one_of_the_job_get_it() -> None:
    webhooks = [
        webhook("both", "job.finished", "job.failed"),
        webhook("finished", "job.finished"),
        webhook("paused", "job.failed", active=False),
    ]
    own = JobWebhook(url="https://own.test/", secret="own!")
    jobs = [job(JobStatus.SUCCEEDED), job(JobStatus.FAILED, webhook=own), job(JobStatus.CANCELLED)]
    made = job_event_deliveries(jobs, webhooks, NOW)
    assert [(one.event, one.webhook_id, one.url, one.secret, one.ref) for one in made] == [
        ("job.finished", "both", "https://both.test/", "both!", "job-succeeded"),
        ("job.finished", "finished", "https://finished.test/", "finished!", "job-succeeded"),
        ("job.failed", "both", "https://both.test/", "both!", "job-failed"),
        ("job.failed", None, "https://own.test/", "own!", "job-failed"),
    ]
    assert {(one.status, one.created_at, one.next_at) for one in made} == {("pending", NOW, NOW)}
    assert [one.payload["job"]["status"] for one in made] == ["succeeded", "succeeded", "failed", "failed"]


def test_a_job_without_webhooks_gives_no_delivery() -> None:
    assert job_event_deliveries([job(JobStatus.FAILED)], [], NOW) == []
    assert job_event_deliveries([], [webhook("both", "job.failed")], NOW) == []
