"""Models of the record catalogue: filters, versions and their payloads. Pure."""

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from domain.raw_records.record import Note


class RawFilter(BaseModel):
    """A filter of records; empty fields match all. Instants are those of the last change, inclusive.

    `prefix`: the beginning of the id. `deleted`: deleted records instead of present ones.
    """

    ids: list[str] = []
    ocids: list[str] = []
    jobs: list[str] = []
    prefix: str | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    deleted: bool = False


class RecordVersion(NamedTuple):
    """A version of a record, with its batch and job; `created_at` is when the first version was landed."""

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
    deleted: bool = Field(description="whether this version deleted the record; it then has no payload")
    payload: dict[str, Any] | None
    job_id: str
    source: dict[str, Any]
    notes: list[Note] = []
    created_at: datetime
