"""Response bodies that differ from the domain's entities."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Path
from pydantic import BaseModel, Field

from api.errors import Problem
from domain.jobs.job import Job, JobCounts, JobStatus, JobType, Stage
from domain.raw_records.quarantine import Quarantined
from domain.star.process_view import Process

T = TypeVar("T")
JobId = Annotated[str, Path(description="the job's id", max_length=100)]
JOB_ID = "0192f0a1b2c34d5e6f708192a3b4c5d6"


class JobAnswer(BaseModel):
    """An accepted change and its progress."""

    id: str = Field(examples=[JOB_ID])
    type: JobType
    status: JobStatus = Field(
        description="accepted → running → succeeded, failed or cancelled; succeeded: in gold and searchable"
    )
    stages: list[Stage]
    counts: JobCounts
    error: Problem | dict[str, Any] | None = Field(description="the reason, if it failed")
    filename: str | None = Field(examples=["releases-2024-01.json"])
    sha256: str | None = Field(description="SHA-256 of the file as uploaded")
    ocid: str | None = Field(
        None, description="the contracting process of the documents in the file, if the request named one"
    )
    actor: str = Field(description="the user who submitted it", examples=["admin"])
    webhook: str | None = Field(None, description="the URL that is notified when it has ended")
    retry_of: str | None = Field(None, description="the job whose file it lands again")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: dict[str, str] = Field(examples=[{"self": f"/v1/jobs/{JOB_ID}", "errors": f"/v1/jobs/{JOB_ID}/errors"}])

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        """Build the answer."""
        path = f"/v1/jobs/{job.id}"
        same = job.model_dump(include=set(cls.model_fields) - {"links", "error", "webhook"})
        error = {"type": "about:blank", **job.error.model_dump()} if job.error else None
        links = {"self": path} | {
            name: f"{path}/{name}"
            for name in ("errors", "events", "deliveries", *(["outcomes"] if job.type == "raw" else []))
        }
        if job.type == "export":
            links["file"] = f"/v1/exports/{job.id}"
        return cls(**same, error=error, webhook=job.webhook.url if job.webhook else None, links=links)


class ListPage(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(description="the URL of the next page")


class Jobs(ListPage[JobAnswer]):
    """A page of jobs, newest first."""


class SeedJobs(BaseModel):
    """The jobs of the bundled seeds, one per file."""

    items: list[JobAnswer]


class Errors(ListPage[Quarantined]):
    """A page of refused records, in order of arrival."""


class Processes(ListPage[Process]):
    """A page of contracting processes."""


class Rows(ListPage[dict[str, Any]]):
    """A page of rows of a fact or dimension."""


class TokenAnswer(BaseModel):
    """A token, to be sent as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  the kind, no secret
    expires_in: int = Field(description="seconds", examples=[3600])


class Suggestions(BaseModel):
    """Completions, the best first."""

    items: list[str] = Field(examples=[["road works", "road marking"]])


class Health(BaseModel):
    """Liveness, or the state of each part."""

    status: Literal["ok"] = "ok"
    parts: dict[str, str] = Field({}, examples=[{"warehouse": "ok", "queue": "ok", "search": "ok"}])
