"""Batches of the log, and the landing of jobs."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel

from domain.jobs.job import JobCounts
from domain.raw_records.record import Kind

LEASE_DURATION = timedelta(seconds=15)  # a live worker renews its leases every few seconds


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
    """The result of landing a batch for its job; `position`: where the next slice begins, None at the end of the
    source.
    """

    job_id: str
    counts: JobCounts
    seq: int | None
    position: dict[str, Any] | None


class NextRawJob(BaseModel):
    """The next raw job to land.

    `begun_at`: when its landing began, or None; `leased`: whether a worker has a lease on it.
    """

    job_id: str
    begun_at: datetime | None
    leased: bool = False
