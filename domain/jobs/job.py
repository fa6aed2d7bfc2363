"""Jobs as clients see them, and what the ledger says of batches and stages."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field

JobType = Literal["upload", "raw", "seed", "rebuild"]


StageName = Literal["land", "refine", "publish", "index", "embed"]


STAGES: tuple[StageName, ...] = ("land", "refine", "publish", "index", "embed")


class JobStatus(StrEnum):
    """Where a job stands. The last three are final."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class JobCounts(BaseModel):
    """What became of a job's records. `processes` counts the distinct contracting processes that its accepted records touch."""

    received: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    processes: int = 0


class Stage(BaseModel):
    """One stage of a job."""

    name: StageName
    status: Literal["pending", "running", "done", "failed"] = "pending"
    started_at: datetime | None = None
    finished_at: datetime | None = None


class JobWebhook(BaseModel):
    """Where to send word when something ended, and the secret that signs it, sealed."""

    url: str
    secret: str


class Job(BaseModel):
    """One accepted change and how far it has come."""

    id: str
    type: JobType
    status: JobStatus
    actor: str
    filename: str | None = None
    sha256: str | None = None
    ocid: str | None = Field(default=None, description="the contracting process that uploaded documents belong to, where the caller said it")
    stages: list[Stage] = []
    counts: JobCounts = JobCounts()
    error: dict[str, Any] | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    position: dict[str, Any] | None = Field(default=None, description="where the landing goes on")
    landed: bool = False
    webhook: JobWebhook | None = Field(default=None, description="who is told when it ended")
    retry_of: str | None = Field(default=None, description="the job whose file it lands again")
    created_at: datetime
    started_at: datetime | None = None
    landed_at: datetime | None = None
    finished_at: datetime | None = None


class JobFilter(BaseModel):
    """Which jobs a list shall hold; None takes any. `filename` is the beginning of one, the instants are inclusive."""

    status: JobStatus | None = None
    type: JobType | None = None
    filename: str | None = None
    actor: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
