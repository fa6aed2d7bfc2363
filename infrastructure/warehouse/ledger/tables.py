"""Tables of the ledger: jobs, batches, watermarks, the record catalogue, quarantine and stage runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json, KindSet
from infrastructure.warehouse.columns import instant


class JobRow(SQLModel, table=True):
    """One accepted change. The state of its stages follows from `seq` of its batches and the watermarks."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_created", "created_at", "id"), Index("ix_job_status", "status"))
    id: str = Field(primary_key=True)
    type: str
    status: str
    actor: str
    filename: str | None = None
    sha256: str | None = Field(default=None, index=True)
    ocid: str | None = None
    received: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    processes: int = 0
    first_seq: int | None = None
    last_seq: int | None = Field(default=None, index=True)
    position: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    landed: bool = False
    webhook: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    retry_of: str | None = Field(default=None, index=True)
    error: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    created_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    landed_at: datetime | None = instant(nullable=True)
    finished_at: datetime | None = instant(nullable=True)


class BatchRow(SQLModel, table=True):
    """One slice of a job in bronze; visible to readers once committed, which gives it its `seq`."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("job_id", "ordinal"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    job_id: str = Field(foreign_key="job.id")
    ordinal: int
    seq: int | None = Field(default=None, unique=True)
    status: str = "open"
    kinds: Any = Field(sa_column=Column(KindSet(), nullable=False, server_default="[]"))  # of its records
    records: int = 0
    deliveries: int = 0
    worker: str = Field(default="", sa_column_kwargs={"server_default": ""})  # holder of the lease
    leased_until: datetime | None = instant(nullable=True)
    error: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    # Marks of its releases, until the job is landed.
    marks: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    created_at: datetime = instant()
    committed_at: datetime | None = instant(nullable=True)


class RecordRow(SQLModel, table=True):
    """The record catalogue: the current version of every raw record, and the batch with its bronze row."""

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("kind", "record_id"),
        Index("ix_record_batch", "batch_id"),
        Index("ix_record_kind_ocid", "kind", "ocid"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: str
    record_id: str
    ocid: str | None = None
    batch_id: int
    first_batch_id: int
    version: int
    content_hash: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    deleted: bool = False


class VersionRow(SQLModel, table=True):
    """A superseded version of a record, and its batch in bronze."""

    __tablename__ = "record_version"
    kind: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    batch_id: int
    content_hash: bytes = Field(sa_column=Column(LargeBinary(16), nullable=False))
    deleted: bool = False


class QuarantineRow(SQLModel, table=True):
    """A refused element, with its place and the reason."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_job", "job_id", "id"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    job_id: str = Field(foreign_key="job.id")
    batch_id: int
    file: str
    line: int | None = None
    offset: int | None = Field(default=None, sa_column=Column("offset", BigId, nullable=True))
    element: str = ""
    path: str = ""
    code: str
    reason: str
    ocid: str | None = None
    excerpt: str = ""


class SilverBatchRow(SQLModel, table=True):
    """One refine run; the silver rows with its id are valid once it is committed."""

    __tablename__ = "silver_batch"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    from_seq: int
    upto_seq: int = Field(index=True)
    status: str = "open"
    processes: int = 0
    # Of its records other than releases.
    kinds: Any = Field(sa_column=Column(KindSet(), nullable=False, server_default="[]"))
    created_at: datetime = instant()
    committed_at: datetime | None = instant(nullable=True)


class WatermarkRow(SQLModel, table=True):
    """How far a stage, or a part of it, has read the log; changed by compare-and-swap. `target` and `done`: an
    unfinished run.
    """

    __tablename__ = "watermark"
    stage: str = Field(primary_key=True)
    part: str = Field(default="", primary_key=True)
    seq: int = 0
    silver_batch: int = 0
    target: int | None = None
    done: int = 0
    attempts: int = 0
    error: str | None = None
    started_at: datetime | None = instant(nullable=True)
    updated_at: datetime = instant()


class StageRunRow(SQLModel, table=True):
    """A finished run of a stage: which sequence numbers it processed, and when."""

    __tablename__ = "stage_run"
    __table_args__ = (Index("ix_stage_run_upto", "stage", "upto_seq"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    stage: str
    from_seq: int
    upto_seq: int
    rows: int = 0
    started_at: datetime = instant()
    finished_at: datetime = instant()
