"""Tables of document files: the fact, and what links it to its contracting process."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json
from infrastructure.warehouse.star.tables import indexed_moment, key


def value() -> Any:
    return Field(default=None, sa_column=Column(Json(), nullable=True))


class FactDocument(SQLModel, table=True):
    """Grain: a document file.

    `process_key` is null without an existing process; `facts` are proposed, not published.
    """

    __tablename__ = "fact_document"
    document_key: int = key(primary=True)
    record_id: str = Field(unique=True)
    process_key: int | None = key(nullable=True, index=True)
    silver_batch: int
    updated_at: datetime | None = indexed_moment()
    ocid: str | None = None
    link: str | None = None
    filename: str
    name: str = Field(index=True)
    title: str | None = None
    state: str
    reason: str | None = None
    pages: int = 0
    words: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    passages: int = 0
    size: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    media_type: str | None = None
    language: str | None = None
    sha256: str | None = None
    url: str | None = None
    facts: Any = value()


class DocumentClaim(SQLModel, table=True):
    """A candidate link: a process that a file names, and the rule that found it; the process may not exist."""

    __tablename__ = "document_claim"
    record_id: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    ocid: str = Field(primary_key=True)
    process_key: int = key(index=True)


class ProcessFile(SQLModel, table=True):
    """A file name at the end of a document URL of a process."""

    __tablename__ = "process_file"
    name: str = Field(primary_key=True)
    process_key: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False, index=True))
    ocid: str


class TouchedDocument(SQLModel, table=True):
    """The newest silver batch that changed a document or its link, deleted ones included, and the most passages that
    search may hold of it."""

    __tablename__ = "touched_document"
    record_id: str = Field(primary_key=True)
    silver_batch: int = Field(index=True)
    passages: int = 0
