"""Jobs as clients see them, and what the ledger says of batches and stages."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

JobType = Literal["upload", "raw", "seed", "rebuild"]
StageName = Literal["land", "refine", "publish", "index", "embed"]
LEASE = timedelta(seconds=15)  # of a slice that is being landed, renewed every few seconds: a worker that does not renew it is dead
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


class Counts(BaseModel):
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


class Hook(BaseModel):
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
    counts: Counts = Counts()
    error: dict[str, Any] | None = None
    first_seq: int | None = None
    last_seq: int | None = None
    position: dict[str, Any] | None = Field(default=None, description="where the landing goes on")
    landed: bool = False
    webhook: Hook | None = Field(default=None, description="who is told when it ended")
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


class Batch(BaseModel):
    """A slice of a job in bronze."""

    id: int
    job_id: str
    ordinal: int
    seq: int | None = None
    deliveries: int = 0


class Step(NamedTuple):
    """What the landing of a batch means for its job; `position` is where the next one begins, None at the end of the source."""

    job_id: str
    counts: Counts
    seq: int | None
    position: dict[str, Any] | None


class Turn(BaseModel):
    """The job whose turn it is, and when somebody began it; None where nobody has. `leased`: whether a worker is at it."""

    job_id: str
    begun_at: datetime | None
    leased: bool = False


class Watermark(BaseModel):
    """How far a stage has read the log; `silver_batch` for the stages behind silver.

    `target` (the silver batch aimed at) and `done` (slices written) hold a run that is half-way; `attempts` counts its starts.
    """

    stage: str
    seq: int = 0
    silver_batch: int = 0
    target: int | None = None
    done: int = 0
    attempts: int = 0
    started_at: datetime | None = None


class Quarantined(BaseModel):
    """A refused element, as `/v1/jobs/{id}/errors` answers it."""

    file: str
    line: int | None = Field(description="1-based line of the file")
    offset: int | None = Field(description="0-based byte offset in the UTF-8 text of the file")
    element: str = Field(description="JSON Pointer of the element in the file's top-level value")
    path: str = Field(description="JSON Pointer of the wrong value in the element")
    code: str
    reason: str
    ocid: str | None
    excerpt: str
