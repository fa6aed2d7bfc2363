"""The audit trail: who purged which record, when, and what was erased with it; never the record's content."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from domain.raw_records.record import Kind


class NewAuditEntry(NamedTuple):
    """A purge to be added to the trail."""

    at: datetime
    actor: str
    kind: Kind
    record_id: str
    ocid: str | None
    job_id: str
    version: int
    seq: int


class AuditFilter(BaseModel):
    """Which entries a list holds; None takes any."""

    kind: Kind | None = None
    record_id: str | None = None
    actor: str | None = None
    job_id: str | None = None


class Audit(BaseModel):
    """One entry of the audit trail.

    `erased`: the batches and stored files (by SHA-256) that held the record, and what else was erased.
    """

    id: int
    at: datetime
    actor: str = Field(description="who requested it", examples=["admin"])
    action: Literal["purge"]
    kind: Kind
    record_id: str
    ocid: str | None
    job_id: str
    version: int = Field(description="the version that deleted the record")
    seq: int = Field(description="sequence number that the index stage reaches before erasing begins")
    status: Literal["pending", "done", "failed"]
    reason: str | None = Field(
        None, description="why it failed; purge the record again", exclude_if=lambda reason: reason is None
    )
    erased: dict[str, Any] | None = Field(
        None, examples=[{"batches": [12, 40], "files": ["9f86d081884c7d65…"], "versions": [1, 2], "quarantined": 0}]
    )
    finished_at: datetime | None
