"""Models of the lineage of a contracting process: gold, search, silver, releases, jobs and files."""

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from domain.jobs.job import JobStatus, JobType


class LoggedVersion(NamedTuple):
    """A committed version of a raw record, with its batch of the log; `current`: no later version replaces it."""

    record_id: str
    version: int
    deleted: bool
    batch_id: int
    seq: int
    job_id: str
    landed_at: datetime
    current: bool


class FactRows(BaseModel):
    """The rows of a fact that a process has, by the silver batch that made them."""

    table: str = Field(examples=["fact_award"])
    rows: int = Field(examples=[2])
    silver_batch: int
    links: dict[str, str] = Field(description="`rows`: the rows", default={})


class FactRow(BaseModel):
    """The row of a fact that was asked about."""

    table: str = Field(examples=["fact_award"])
    key: str = Field(description="surrogate key")
    row: dict[str, Any]


class GoldLineage(BaseModel):
    """The rows of the process in the star."""

    process_key: str
    facts: list[FactRows]
    row: FactRow | None = Field(None, description="the row that `fact` and `key` name")


class SearchLineage(BaseModel):
    """The search document of the process, and how far the index stage has read."""

    collection: str = "processes"
    id: str = Field(description="id of the document")
    silver_batch: int = Field(description="the last silver batch whose processes are in search")
    seq: int = Field(description="sequence number of the log up to which search is written")
    current: bool = Field(description="whether search has the process as gold has it")


class SilverRows(BaseModel):
    """Number of rows of the process in a silver table."""

    table: str = Field(examples=["award_supplier"])
    rows: int


class SilverLineage(BaseModel):
    """The silver batch (a refine run) that made the process's rows."""

    batch: int
    from_seq: int = Field(description="it took the batches of the log after this sequence number")
    upto_seq: int = Field(description="up to this one")
    committed_at: datetime | None
    tables: list[SilverRows]


class Source(BaseModel):
    """Where a release is in an uploaded file."""

    file: str | None = Field(description="name of the file, with its path in an archive")
    sha256: str | None = Field(description="SHA-256 of the file as stored")
    line: int | None = Field(description="1-based")
    offset: int | None = Field(description="0-based, in bytes of the UTF-8 text")
    path: str | None = Field(description="JSON Pointer in the top-level value of the file")


class ReleaseLineage(BaseModel):
    """A raw record that the process is compiled from, in the version that was used."""

    id: str = Field(description="id of the raw record")
    version: int
    date: datetime | None = Field(description="the release's date")
    job_id: str
    batch: int = Field(description="the batch of the log that holds it in bronze")
    seq: int = Field(description="sequence number of that batch")
    landed_at: datetime
    source: Source
    elements: list[str] | None = Field(
        None, description="JSON Pointers to what it says of the row that `fact` and `key` name; empty: nothing"
    )
    links: dict[str, str] = Field(description="`record`: the current record; `version`: this version; `job`")


class JobLineage(BaseModel):
    """A job that landed one of the records."""

    id: str
    type: JobType
    status: JobStatus
    actor: str
    filename: str | None
    created_at: datetime
    finished_at: datetime | None
    links: dict[str, str]


class FileLineage(BaseModel):
    """An uploaded file, with the places of the records in it."""

    sha256: str | None
    files: list[str] = Field(description="its name, or those of the members of the archive")
    lines: list[int] = Field(description="1-based lines at which the records begin")
    records: list[str] = Field(description="ids of the raw records")
    jobs: list[str]


class DocumentLineage(BaseModel):
    """A document file that is linked to the process."""

    id: str = Field(description="id of the raw record")
    filename: str | None
    link: str | None = Field(description="the rule that linked it; see docs/documents.md")
    silver_batch: int
    sha256: str | None
    version: int | None
    job_id: str | None
    links: dict[str, str]


class ProcessLineage(BaseModel):
    """From the rows of a contracting process in gold back to the files that were uploaded."""

    ocid: str = Field(examples=["ocds-b5fd17-1a2b3c"])
    current: bool = Field(description="false: later batches of the log have changed it, and are still to be refined")
    gold: GoldLineage
    search: SearchLineage
    silver: SilverLineage
    releases: list[ReleaseLineage] = Field(description="what it is compiled from, in the order of merging")
    superseded: list[ReleaseLineage] = Field(description="releases that a compiled release among these stands for")
    documents: list[DocumentLineage]
    jobs: list[JobLineage]
    files: list[FileLineage]
    links: dict[str, str]
