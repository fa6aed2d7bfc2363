"""Tables of data quality: notes as a fact, the assessment of each process, and totals by source."""

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId
from infrastructure.warehouse.star.tables import fact_key, key


class FactNote(SQLModel, table=True):
    """Grain: a note on the data of a process: a repair, a doubt, or a failed check (code × path × raw record)."""

    __tablename__ = "fact_note"
    __table_args__ = (Index("ix_fact_note_code", "code", "ocid"),)
    note_key: int = fact_key()
    process_key: int = key(index=True)
    silver_batch: int
    ocid: str
    buyer_key: int = key()
    source_key: int = key()
    code: str
    path: str | None = None
    message: str | None = None
    record_id: str | None = None


class ProcessQuality(SQLModel, table=True):
    """The assessment of a process: sets of bits, by the positions of fields and checks in domain/quality."""

    __tablename__ = "process_quality"
    process_key: int = key(primary=True)
    source: str | None = None
    present: int = Field(sa_column=Column(BigId, nullable=False))
    checked: int = Field(sa_column=Column(BigId, nullable=False))
    failed: int = Field(sa_column=Column(BigId, nullable=False))
    likeness: int | None = key(nullable=True, index=True)


class QualityTotal(SQLModel, table=True):
    """Totals of a source (prefix of its ocids) by kind (process, field, check, note) and code."""

    __tablename__ = "quality_total"
    source: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    applicable: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    failed: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    occurrences: int = Field(default=0, sa_column=Column(BigId, nullable=False))
