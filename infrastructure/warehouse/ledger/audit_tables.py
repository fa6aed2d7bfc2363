"""Tables of what was done to raw records one by one: the outcome of each operation, and the audit trail of what was erased."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json
from infrastructure.warehouse.columns import instant


class OutcomeRow(SQLModel, table=True):
    """What became of one element of a request that changed raw records."""

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
    """Who had what erased, and when; never the content. `seq` is the place in the log that search must have passed before the erasing begins."""

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
    erased: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    finished_at: datetime | None = instant(nullable=True)
