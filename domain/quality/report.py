"""Models of data quality as clients see it."""

from pydantic import BaseModel, Field

Links = dict[str, str]


class SourceCounts(BaseModel):
    """Processes of one source: how many a rule or field applies to, and how many fail it or lack it."""

    source: str | None = Field(description="prefix of the ocid; null where it has none", examples=["ocds-b5fd17"])
    applicable: int
    failed: int


class SourceSize(BaseModel):
    """A source and its number of processes."""

    source: str | None = Field(examples=["ocds-b5fd17"])
    processes: int


class FieldCoverage(BaseModel):
    """How many processes have a field, of those that may have it."""

    field: str = Field(examples=["tender.title"])
    applicable: int = Field(description="processes that may have it: all, or those with the parent, such as an award")
    present: int
    missing: int
    share: float | None = Field(description="present / applicable; null without any")
    sources: list[SourceCounts]


class Example(BaseModel):
    """A process that fails a check."""

    ocid: str
    links: Links


class CheckResult(BaseModel):
    """The result of a check over all processes."""

    code: str = Field(examples=["tender_period_order"])
    name: str
    description: str = Field(description="what holds for good data")
    rule: str = Field(description="source of the rule")
    checked: int = Field(description="processes that the check applies to")
    passed: int
    failed: int
    not_applicable: int
    sources: list[SourceCounts]
    examples: list[Example] = Field(description="the first processes that fail")
    links: Links


class NoteCount(BaseModel):
    """The notes of one code: repairs, doubts and failed checks."""

    code: str
    description: str | None
    processes: int = Field(description="processes with such a note")
    notes: int
    sources: list["NoteSource"]
    links: Links


class NoteSource(BaseModel):
    """The notes of one code in one source."""

    source: str | None
    processes: int
    notes: int


class QualityReport(BaseModel):
    """Coverage, checks and notes of all processes, or of those of some sources."""

    processes: int
    silver_batch: int = Field(description="the last silver batch that the counts include")
    sources: list[SourceSize]
    coverage: list[FieldCoverage]
    checks: list[CheckResult]
    notes: list[NoteCount]


class ProcessNote(BaseModel):
    """A repair of, or a doubt about, the data of a process, or a check that it fails."""

    code: str = Field(examples=["placeholder_amount"])
    path: str | None = Field(description="JSON Pointer into the record, else into the compiled release")
    message: str | None
    record_id: str | None = Field(description="the raw record; null: the compiled release")


class ProcessCheck(BaseModel):
    """The result of a check for one process."""

    code: str
    name: str
    result: str = Field(description="passed, failed or not_applicable", examples=["passed"])


class ProcessQuality(BaseModel):
    """The data quality of one process."""

    ocid: str
    present: list[str] = Field(description="fields that it has")
    missing: list[str] = Field(description="fields that it lacks, of those that it may have")
    checks: list[ProcessCheck]
    alike: list[str] = Field(description="ocids of other processes with the same title, buyer and day")
    notes: list[ProcessNote]
    links: Links
