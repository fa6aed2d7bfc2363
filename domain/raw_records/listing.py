"""What the catalogue tells of raw records to those who read them one by one. Pure."""

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from domain.raw_records.record import Note


class RawFilter(BaseModel):
    """Which records a list shall hold; what is empty takes any. The instants, of their last change, are inclusive; `prefix` is the beginning of an id."""

    ids: list[str] = []
    ocids: list[str] = []
    jobs: list[str] = []
    prefix: str | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None


class RecordVersion(NamedTuple):
    """A version of a record, with the batch and the job that brought it; `created_at` is when the record's first version came."""

    record_id: str
    ocid: str | None
    version: int
    content_hash: bytes
    deleted: bool
    batch_id: int
    job_id: str
    created_at: datetime
    updated_at: datetime


class RawVersion(BaseModel):
    """One version of a raw record."""

    version: int
    deleted: bool = Field(description="whether this version ended the record; it has no payload then")
    payload: dict[str, Any] | None
    job_id: str
    source: dict[str, Any]
    notes: list[Note] = []
    created_at: datetime
