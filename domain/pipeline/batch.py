"""Batches of the log, and the results of landing slices."""

from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel

from domain.jobs.job import JobCounts, Position
from domain.raw_records.record import Kind

LEASE_DURATION = timedelta(seconds=15)  # a live worker renews its leases every few seconds


class Batch(BaseModel):
    """A slice of a job in bronze; committed once it has a `seq`."""

    id: int
    job_id: str
    ordinal: int
    seq: int | None = None
    deliveries: int = 0


class CommittedBatch(NamedTuple):
    """A committed batch; `kinds` are the kinds of its records."""

    id: int
    seq: int
    job_id: str
    records: int
    kinds: frozenset[Kind]


class LogLag(NamedTuple):
    """The committed batches that a stage has not read: their number, and when the oldest was landed."""

    batches: int
    oldest: datetime | None


class SilverBatch(NamedTuple):
    """A committed silver batch, made from the log's batches in (from_seq, upto_seq]; `kinds` excludes releases."""

    id: int
    from_seq: int
    upto_seq: int
    processes: int
    kinds: frozenset[Kind]


class LandedSlice(NamedTuple):
    """The result of a landed slice for its job; `position` is the start of the next slice, None at the source's end."""

    job_id: str
    counts: JobCounts
    seq: int | None
    position: Position | None


class NextRawJob(BaseModel):
    """The next raw job in order; `begun_at` is None before its landing starts; `leased`: whether a worker lands it."""

    job_id: str
    begun_at: datetime | None
    leased: bool = False
