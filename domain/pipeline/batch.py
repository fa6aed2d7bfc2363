"""Batches of the log, and the steps of a job that make them."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from domain.jobs.job import JobCounts
from domain.raw_records.record import Kind

LEASE_DURATION = timedelta(seconds=15)  # of a slice that is being landed, renewed every few seconds: a worker that does not renew it is dead


class Batch(BaseModel):
    """A slice of a job in bronze."""

    id: int
    job_id: str
    ordinal: int
    seq: int | None = None
    deliveries: int = 0


class CommittedBatch(NamedTuple):
    """A batch that has its place in the log; `kinds` are those of its records."""

    id: int
    seq: int
    job_id: str
    records: int
    kinds: frozenset[Kind]


class SilverBatch(NamedTuple):
    """A committed silver batch, made of the log's batches in (from_seq, upto_seq]; `kinds` are those of its records beside releases."""

    id: int
    from_seq: int
    upto_seq: int
    processes: int
    kinds: frozenset[Kind]


class LandedSlice(NamedTuple):
    """What the landing of a batch means for its job; `position` is where the next one begins, None at the end of the source."""

    job_id: str
    counts: JobCounts
    seq: int | None
    position: dict[str, Any] | None


class NextRawJob(BaseModel):
    """The job whose turn it is, and when somebody began it; None where nobody has. `leased`: whether a worker is at it."""

    job_id: str
    begun_at: datetime | None
    leased: bool = False
