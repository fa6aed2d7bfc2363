"""A raw record as bronze keeps it: what one element of an upload became."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

OCID_MAX_CHARACTERS = 500  # what is accepted can be asked for: in paths, filters and cursors
RECORD_ID_MAX_CHARACTERS = 2_000  # of the id as it stands in a URL


class Kind(StrEnum):
    """The kinds of raw records; the words are those of `/v1/raw/{kind}`."""

    RELEASES = "releases"
    ORGANIZATIONS = "organizations"
    EXCHANGE_RATES = "exchange-rates"
    DOCUMENTS = "documents"
    CLASSIFICATIONS = "classifications"


def why_too_long(record_id: str, ocid: str = "") -> str | None:
    """Why a record of that id and ocid can't be accepted; None where it can."""
    if len(ocid) > OCID_MAX_CHARACTERS:
        return f"ocid: {len(ocid)} characters, {OCID_MAX_CHARACTERS} at most"
    if len(record_id) > RECORD_ID_MAX_CHARACTERS:
        return f"id: the record's id has {len(record_id)} characters as it stands in a URL, {RECORD_ID_MAX_CHARACTERS} at most"
    return None


class ValueObject(BaseModel):
    """A value object."""

    model_config = ConfigDict(frozen=True)


class SourceLocation(ValueObject):
    """Where in its source an element stood."""

    file: str
    line: int | None = Field(default=None, ge=1, description="1-based line of the source at which it begins")
    column: int | None = Field(default=None, ge=1, exclude=True, description="1-based, in characters, on that line")
    offset: int | None = Field(default=None, ge=0, description="0-based byte offset of the element in the UTF-8 text of the source")
    path: str = Field(default="", description="JSON Pointer (RFC 6901) of the element in its top-level value, e.g. /releases/3")


class Note(ValueObject):
    """One thing that was repaired in, or is doubtful about, a record. `code` is from `domain.raw_records.note_codes.NOTES`."""

    code: str
    path: str = Field(description="JSON Pointer (RFC 6901) into the record")
    message: str


class AcceptedRecord(ValueObject):
    """An element that was found good, perhaps after repairs; or, with `deleted`, the end of a record, whose payload is empty."""

    kind: Kind = Kind.RELEASES
    record_id: str
    ocid: str | None
    date: datetime | None = Field(description="the release's date as an instant in UTC")
    payload: bytes = Field(description="the record as UTF-8 JSON with sorted keys, repairs applied, unknown fields kept")
    content_hash: bytes = Field(description="16 bytes: BLAKE2b of `payload`")
    notes: tuple[Note, ...] = ()
    place: SourceLocation
    deleted: bool = False


class RefusedElement(ValueObject):
    """An element that can't be used; it goes to quarantine with its reason, and the rest of its file goes on."""

    place: SourceLocation
    code: str
    reason: str
    path: str = Field(default="", description="JSON Pointer into the record, of the value that is wrong")
    excerpt: str = Field(default="", description="the first 2,000 characters of the element, to recognise it by")
    ocid: str | None = None
    more: int = Field(default=0, description="how many elements behind it are refused for the same, and have no entry of their own")

    @property
    def elements(self) -> int:
        """How many elements it stands for."""
        return 1 + self.more


ValidationResult = AcceptedRecord | RefusedElement


class RawRecord(BaseModel):
    """A raw record as `/v1/raw/{kind}/{id}` answers it."""

    id: str
    kind: Kind
    ocid: str | None
    version: int
    payload: dict[str, Any]
    job_id: str
    source: dict[str, Any]
    notes: list[Note] = []
    created_at: datetime
    updated_at: datetime
