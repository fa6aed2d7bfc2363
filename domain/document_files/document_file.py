"""Document files (uploaded PDFs, or their text) as raw records: model and validation. Pure.

Proposed facts are kept in `facts`, never among published data.
"""

from hashlib import blake2b
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.document_files.process_links import GIVEN_OCID_PATTERN, process_claims
from domain.raw_records.note_codes import note
from domain.raw_records.record import (
    OCID_MAX_CHARACTERS,
    AcceptedRecord,
    Kind,
    Note,
    RefusedElement,
    SourceLocation,
    ValidationResult,
    refused,
    why_too_long,
)
from domain.raw_records.text_repair import replace_surrogates, strip_nul
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import dumps, loads
from domain.shared.json_pointer import pointer
from domain.shared.url_safe import url_safe

DocumentFileState = Literal["text", "repaired", "empty", "scanned", "no_text", "ocr", "encrypted", "damaged"]
DOCUMENT_FILE_STATES: dict[DocumentFileState, str] = {
    "text": "its text was read; `reason` says so if it is incomplete",
    "repaired": "it is damaged; its text was read as far as it could be repaired",
    "empty": "it has no pages, or blank ones only",
    "scanned": "its pages have images and no text",
    "no_text": "its pages have content but no readable text: drawings, letters drawn as shapes, broken text",
    "ocr": "its pages have no text; tesseract recognised the text of their images",
    "encrypted": "it can be opened with a password or a certificate only",
    "damaged": "it can't be read",
}
UNREADABLE: tuple[DocumentFileState, ...] = ("encrypted", "damaged")
REFUSALS: dict[str, str] = {
    "missing_id": "a document without an id and without a SHA-256 to derive one from",
    "pdf_encrypted": "the PDF can be opened with a password or a certificate only; its record is kept with this state",
    "pdf_damaged": "the PDF can't be read; its record is kept with this state",
}
MAX_PAGES = 2**31 - 1  # page numbers are 32-bit integers
Ocid = Annotated[str, Field(max_length=OCID_MAX_CHARACTERS, pattern=GIVEN_OCID_PATTERN)]


class StrictModel(BaseModel):
    """A strictly typed model; unknown fields are kept in the payload."""

    model_config = ConfigDict(extra="allow", strict=True)


class DocumentPage(StrictModel):
    """One page: `page` counts from 1; a table is a list of rows of cells."""

    page: int = Field(ge=1, le=MAX_PAGES)
    text: str = ""
    tables: list[list[list[str | None]]] | None = None


class ProposedFact(StrictModel):
    """A proposed fact and its position: `bbox` is x0, y0, x1, y1 in points from the top left of the page."""

    name: str = Field(min_length=1)
    value: str | float | int
    page: int = Field(ge=1)
    bbox: list[float] | None = Field(default=None, min_length=4, max_length=4)
    currency: str | None = None


class Heading(StrictModel):
    """An entry of the outline."""

    level: int = Field(ge=1)
    title: str
    page: int | None = None


class DocumentFile(StrictModel):
    """A document file. `ocid` is the one given by the caller, not one found in the text."""

    id: str | None = Field(default=None, min_length=1, max_length=500)
    filename: str = Field(min_length=1, max_length=1_000)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    size: int | None = Field(default=None, ge=0, lt=2**63)
    media_type: str | None = None
    state: DocumentFileState | None = None
    reason: str | None = None
    ocid: Ocid | None = None
    title: str | None = None
    language: str | None = None
    metadata: dict[str, Any] | None = None
    outline: list[Heading] | None = None
    page_count: int | None = Field(default=None, ge=0, le=MAX_PAGES)
    pages: list[DocumentPage] | None = None
    facts: list[ProposedFact] | None = None
    url: str | None = None


def validate_document_file(raw: bytes, place: SourceLocation) -> list[ValidationResult]:
    """Validate one document file.

    It is accepted with an id (by default the first 32 digits of its SHA-256) and a state, or refused with a reason.
    """
    notes: list[Note] = []
    try:
        document = _loads(raw, notes)
    except orjson.JSONDecodeError as error:
        return [refused(place, "invalid_json", f"not valid JSON: {error}", raw)]
    if not isinstance(document, dict):
        return [refused(place, "not_an_object", "expected a document as a JSON object", raw)]
    if b"\\u0000" in raw:
        strip_nul(document, notes)
    try:
        DocumentFile.model_validate(document)
    except ValidationError as error:
        return [_invalid(error, document, place, raw)]
    wrong = _repeated_page(document)
    if wrong is not None:
        return [refused(place, "wrong_type", f"{wrong[1:]}: an earlier page has the same number", raw, wrong)]
    return [_accept(document, tuple(notes), place, raw)]


def with_ocid(raw: bytes, ocid: str) -> bytes:
    """The document with the ocid given at upload; an `ocid` in the document itself takes precedence."""
    document = loads(raw)
    try:
        return dumps({"ocid": ocid} | document) if isinstance(document, dict) else raw
    except orjson.JSONEncodeError:  # nested too deeply; validation refuses it
        return raw


def _accept(document: dict[str, Any], notes: tuple[Note, ...], place: SourceLocation, raw: bytes) -> ValidationResult:
    identity = document.get("id") or (document.get("sha256") or "")[:32]
    if not identity:
        return refused(place, "missing_id", "id: missing, and there is no sha256 to derive one from", raw, "/id")
    reason = why_too_long(url_safe(identity))
    if reason:
        return refused(place, "too_long", reason, raw, "/id")
    document["id"] = identity
    if document.get("state") is None:
        document["state"] = (
            "text" if any(page.get("text", "").strip() for page in document.get("pages") or []) else "empty"
        )
    try:
        payload = canonical_json(document)
    except orjson.JSONEncodeError:
        return refused(place, "too_deep", "objects or arrays are nested too deep to be kept", raw)
    claims = process_claims(document)
    return AcceptedRecord(
        kind=Kind.DOCUMENTS,
        record_id=url_safe(identity),
        ocid=claims[0].ocid if claims else None,
        date=None,
        payload=payload,
        content_hash=blake2b(payload, digest_size=16).digest(),
        notes=notes,
        place=place,
    )


def _loads(raw: bytes, notes: list[Note]) -> Any:
    try:
        return loads(raw)
    except orjson.JSONDecodeError:
        document = loads(replace_surrogates(raw))
        notes.append(note("bad_surrogate"))
        return document


def _repeated_page(document: dict[str, Any]) -> str | None:
    """The JSON Pointer of the first page whose number an earlier page has; None if they are distinct."""
    seen: set[int] = set()
    for index, page in enumerate(document.get("pages") or []):
        if page["page"] in seen:
            return f"/pages/{index}/page"
        seen.add(page["page"])
    return None


def _invalid(error: ValidationError, document: dict[str, Any], place: SourceLocation, raw: bytes) -> RefusedElement:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = pointer(first["loc"])
    message = first["msg"][:1].lower() + first["msg"][1:]
    return refused(place, "wrong_type", f"{path[1:]}: {message}", raw, path, document.get("ocid"))
