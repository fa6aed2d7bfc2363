"""Tables of operations on raw records: their outcomes, and the audit trail of erasures."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json
from infrastructure.warehouse.columns import instant


class OutcomeRow(SQLModel, table=True):
    """The outcome of one operation on a raw record."""

    __tablename__ = "outcome"
    __table_args__ = (Index("ix_outcome_job", "job_id", "id"), Index("ix_outcome_record", "record_id"))
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    job_id: str = Field(foreign_key="job.id")
    position: int
    kind: str
    record_id: str | None = None
    outcome: str
    version: int | None = None
    code: str | None = None
    reason: str | None = None
    path: str | None = None


class AuditRow(SQLModel, table=True):
    """One purge: who, what, when; never the content. The index stage must reach `seq` before the erasing begins."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_status", "status"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    at: datetime = instant()
    actor: str
    action: str
    kind: str
    record_id: str
    ocid: str | None = None
    job_id: str = Field(foreign_key="job.id", index=True)
    version: int
    seq: int
    status: str = "pending"
    reason: str | None = None
    erased: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    finished_at: datetime | None = instant(nullable=True)
