"""Jobs and their stages as clients see them. The ledger stores the fields of `Job`."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

Position = dict[str, Any]  # where a slice of a source begins: JSON that the recogniser of the format wrote
JobType = Literal["upload", "raw", "seed", "rebuild", "match", "export"]
StageName = Literal["land", "refine", "publish", "index", "embed"]  # those that clients see
STAGES: tuple[StageName, ...] = get_args(StageName)


class JobStatus(StrEnum):
    """Status of a job. The last three are final."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the status never changes again."""
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class JobCounts(BaseModel):
    """Outcome of a job's records. `processes` counts the distinct contracting processes of its accepted records."""

    received: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    processes: int = 0


class JobTotals(BaseModel):
    """Sums over jobs: how many ended with each status, and what became of their records."""

    ended: Counter[str] = Counter()
    records: Counter[str] = Counter()

    def __add__(self, other: "JobTotals") -> "JobTotals":
        return JobTotals(ended=self.ended + other.ended, records=self.records + other.records)


class Stage(BaseModel):
    """One stage of a job."""

    name: StageName
    status: Literal["pending", "running", "done", "failed"] = "pending"
    started_at: datetime | None = None
    finished_at: datetime | None = None


class JobError(BaseModel, extra="allow"):
    """Why a job failed or was cancelled; further members depend on the error."""

    title: str
    detail: str
    stage: str = Field("land", description="the stage that it ended at")


class JobWebhook(BaseModel):
    """URL that gets a message when the job ends, and the sealed secret that signs the message."""

    url: str
    secret: str


class Job(BaseModel):
    """One accepted change and its progress."""

    id: str
    type: JobType
    status: JobStatus
    actor: str
    filename: str | None = None
    sha256: str | None = None
    ocid: str | None = Field(default=None, description="contracting process given for uploaded documents")
    stages: list[Stage] = []
    counts: JobCounts = JobCounts()
    error: JobError | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    position: Position | None = Field(default=None, description="where the next slice begins")
    landed: bool = False
    webhook: JobWebhook | None = Field(default=None, description="URL that gets a message when the job ends")
    retry_of: str | None = Field(default=None, description="the job whose file this one loads again")
    created_at: datetime
    started_at: datetime | None = None
    landed_at: datetime | None = None
    finished_at: datetime | None = None


class JobFilter(BaseModel):
    """Conditions of a list of jobs; None matches all. `filename` is a prefix, the instants are inclusive."""

    status: JobStatus | None = None
    type: JobType | None = None
    filename: str | None = None
    actor: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
