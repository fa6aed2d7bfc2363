"""Raw records as bronze keeps them, and the results of validation."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

OCID_MAX_CHARACTERS = 500  # every accepted ocid must fit in paths, filters and cursors
RECORD_ID_MAX_CHARACTERS = 2_000  # of the id as written in a URL
EXCERPT_CHARACTERS = 2_000  # of a refused element, kept in quarantine
REASON_MAX_CHARACTERS = 2_000


class Kind(StrEnum):
    """The kinds of raw records, as written in `/v1/raw/{kind}`."""

    RELEASES = "releases"
    ORGANIZATIONS = "organizations"
    EXCHANGE_RATES = "exchange-rates"
    DOCUMENTS = "documents"
    CLASSIFICATIONS = "classifications"


def why_too_long(record_id: str, ocid: str = "") -> str | None:
    """Why a record with this id and ocid is refused; None if both are short enough."""
    if len(ocid) > OCID_MAX_CHARACTERS:
        return f"ocid: {len(ocid)} characters, {OCID_MAX_CHARACTERS} at most"
    if len(record_id) > RECORD_ID_MAX_CHARACTERS:
        characters = len(record_id)
        return f"id: the record's id has {characters} characters in a URL, {RECORD_ID_MAX_CHARACTERS} at most"
    return None


class ValueObject(BaseModel):
    """The base class of immutable value objects."""

    model_config = ConfigDict(frozen=True)


class SourceLocation(ValueObject):
    """Where an element is in its source."""

    file: str
    line: int | None = Field(default=None, ge=1, description="1-based line of the source at which it begins")
    column: int | None = Field(default=None, ge=1, exclude=True, description="1-based, in characters, on that line")
    offset: int | None = Field(
        default=None, ge=0, description="0-based byte offset of the element in the UTF-8 text of the source"
    )
    path: str = Field(
        default="", description="JSON Pointer (RFC 6901) of the element in its top-level value, e.g. /releases/3"
    )


class Note(ValueObject):
    """A repair of, or a doubt about, a record. `code` is one of `domain.raw_records.note_codes.NOTES`."""

    code: str
    path: str = Field(description="JSON Pointer (RFC 6901) into the record")
    message: str


class AcceptedRecord(ValueObject):
    """A valid element, possibly repaired; with `deleted`, a tombstone with an empty payload."""

    kind: Kind = Kind.RELEASES
    record_id: str
    ocid: str | None
    date: datetime | None = Field(description="the release's date as an instant in UTC")
    payload: bytes = Field(
        description="the record as UTF-8 JSON with sorted keys, repairs applied, unknown fields kept"
    )
    content_hash: bytes = Field(description="16 bytes: BLAKE2b of `payload`")
    notes: tuple[Note, ...] = ()
    place: SourceLocation
    deleted: bool = False


class RefusedElement(ValueObject):
    """An element that can't be used: it goes to quarantine with its reason; the rest of its file is processed."""

    place: SourceLocation
    code: str
    reason: str
    path: str = Field(default="", description="JSON Pointer to the invalid value in the record")
    excerpt: str = Field(default="", description="the first 2,000 characters of the element")
    ocid: str | None = None
    more: int = Field(
        default=0, description="number of elements after it that are refused for the same reason without an entry"
    )

    @property
    def elements(self) -> int:
        """The number of elements that this entry counts for."""
        return 1 + self.more


ValidationResult = AcceptedRecord | RefusedElement


def refused(
    place: SourceLocation, code: str, reason: str, text: bytes | str = "", path: str = "", ocid: object = None
) -> RefusedElement:
    """A refused element with the beginning of its text; an `ocid` that is not a text is left out."""
    shown = text[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace") if isinstance(text, bytes) else text
    return RefusedElement(
        place=place,
        code=code,
        reason=reason[:REASON_MAX_CHARACTERS],
        path=path,
        excerpt=shown[:EXCERPT_CHARACTERS].replace("\x00", "\\u0000"),
        ocid=ocid.replace("\x00", "") if isinstance(ocid, str) else None,
    )


class RawRecord(BaseModel):
    """A raw record as returned by `/v1/raw/{kind}/{id}`."""

    id: str
    kind: Kind
    ocid: str | None
    version: int
    deleted: bool = Field(False, description="whether this version deleted the record")
    payload: dict[str, Any] | None = Field(description="null if it is deleted")
    job_id: str
    source: dict[str, Any]
    notes: list[Note] = []
    created_at: datetime
    updated_at: datetime
