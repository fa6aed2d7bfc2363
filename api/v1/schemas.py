"""Answers as clients see them, where they differ from the entities behind them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.errors import Problem
from domain.jobs.job import Job, JobCounts, JobStatus, JobType, Stage
from domain.raw_records.quarantine import Quarantined
from domain.star.process_view import Process

JOB_ID = "0192f0a1b2c34d5e6f708192a3b4c5d6"


class JobAnswer(BaseModel):
    """A change that was accepted, and how far it has come."""

    id: str = Field(examples=[JOB_ID])
    type: JobType
    status: JobStatus = Field(description="accepted → running → succeeded, failed or cancelled; succeeded means: in gold and searchable")
    stages: list[Stage]
    counts: JobCounts
    error: Problem | dict[str, Any] | None = Field(description="why it failed, where it did")
    filename: str | None = Field(examples=["releases-2024-01.json"])
    sha256: str | None = Field(description="of the file as it was uploaded")
    ocid: str | None = Field(None, description="the contracting process that the documents in it belong to, where the caller said it")
    actor: str = Field(description="who sent it", examples=["admin"])
    webhook: str | None = Field(None, description="who is told when it ended")
    retry_of: str | None = Field(None, description="the job whose file it lands again")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: dict[str, str] = Field(examples=[{"self": f"/v1/jobs/{JOB_ID}", "errors": f"/v1/jobs/{JOB_ID}/errors"}])

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """The job's answer."""
        path = f"/v1/jobs/{job.id}"
        same = job.model_dump(include=set(cls.model_fields) - {"links", "error", "webhook"})
        error = {"type": "about:blank", **job.error} if job.error else None
        links = {"self": path} | {name: f"{path}/{name}" for name in ("errors", "events", "deliveries", *(["outcomes"] if job.type == "raw" else []))}
        return cls(**same, error=error, webhook=job.webhook.url if job.webhook else None, links=links)


class Jobs(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobAnswer]
    next: str | None = Field(description="the URL of the next page")


class SeedJobs(BaseModel):
    """The jobs of the bundled seeds, one a file."""

    items: list[JobAnswer]


class Errors(BaseModel):
    """A page of refused records, in order of arrival."""

    items: list[Quarantined]
    next: str | None = Field(description="the URL of the next page")


class Processes(BaseModel):
    """A page of contracting processes."""

    items: list[Process]
    next: str | None = Field(description="the URL of the next page")


class Rows(BaseModel):
    """A page of rows of a fact or dimension."""

    items: list[dict[str, Any]]
    next: str | None = Field(description="the URL of the next page")


class TokenAnswer(BaseModel):
    """A token, to be sent as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the kind, no secret
    expires_in: int = Field(description="seconds", examples=[3600])


class Suggestions(BaseModel):
    """Completions, the best first."""

    items: list[str] = Field(examples=[["road works", "road marking"]])


class Health(BaseModel):
    """That it lives, or the state of each part."""

    status: Literal["ok"] = "ok"
    parts: dict[str, str] = Field({}, examples=[{"warehouse": "ok", "queue": "ok", "search": "ok"}])
