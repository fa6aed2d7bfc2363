"""Uploaded files as records: what a reader found in a document, or what a caller says of one. Pure.

The text of a file is its own; what is proposed of it (`facts`) stands beside it and never among published data.
"""

from hashlib import blake2b
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.document_files.process_links import GIVEN_OCID_PATTERN, process_claims
from domain.raw_records.note_codes import NOTES
from domain.raw_records.record import OCID_MAX_CHARACTERS, AcceptedRecord, Kind, Note, RefusedElement, SourceLocation, ValidationResult, why_too_long
from domain.raw_records.text_repair import replace_surrogates, strip_nul
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import dumps, loads
from domain.shared.json_pointer import pointer
from domain.shared.url_safe import url_safe

DocumentFileState = Literal["text", "repaired", "empty", "scanned", "no_text", "ocr", "encrypted", "damaged"]
DOCUMENT_FILE_STATES: dict[DocumentFileState, str] = {
    "text": "its text was read; `reason` says so where not all of it was",
    "repaired": "it was damaged; what could be repaired was read",
    "empty": "it has no pages, or none that shows anything",
    "scanned": "there are images on its pages, and no text",
    "no_text": "something is drawn on its pages, and no text in it could be read: drawings, letters drawn as shapes, broken text",
    "ocr": "its pages have no text; what their images show was recognised by tesseract",
    "encrypted": "it opens with a password or a certificate only",
    "damaged": "nothing in it can be read",
}
UNREADABLE: tuple[DocumentFileState, ...] = ("encrypted", "damaged")
REFUSALS: dict[str, str] = {
    "missing_id": "a document without an id and without the SHA-256 that makes one",
    "pdf_encrypted": "the PDF opens with a password or a certificate only; its record is kept and says so",
    "pdf_damaged": "nothing in the PDF can be read; its record is kept and says so",
}
EXCERPT_CHARACTERS = 2_000  # characters
MAX_PAGES = 2**31 - 1  # pages that can be counted
Ocid = Annotated[str, Field(max_length=OCID_MAX_CHARACTERS, pattern=GIVEN_OCID_PATTERN)]


class StrictModel(BaseModel):
    """Fields that are not named here are kept in the payload."""

    model_config = ConfigDict(extra="allow", strict=True)


class DocumentPage(StrictModel):
    """One page: `page` counts from 1; a table is a list of rows of cells."""

    page: int = Field(ge=1, le=MAX_PAGES)
    text: str = ""
    tables: list[list[list[str | None]]] | None = None


class ProposedFact(StrictModel):
    """A key fact proposed from the text, with its place: `bbox` is x0, y0, x1, y1 in points from the page's top left."""

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
    """An uploaded file. `ocid` is what the caller said, not what was found in the text."""

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
    """What becomes of one document: accepted with an id (by default the first 32 digits of its SHA-256) and a state, or refused with the reason."""
    notes: list[Note] = []
    try:
        document = _loads(raw, notes)
    except orjson.JSONDecodeError as error:
        return [_refused(place, "invalid_json", f"not valid JSON: {error}", raw)]
    if not isinstance(document, dict):
        return [_refused(place, "not_an_object", "expected a document as a JSON object", raw)]
    if b"\\u0000" in raw:
        strip_nul(document, notes)
    try:
        DocumentFile.model_validate(document)
    except ValidationError as error:
        return [_invalid(error, document, place, raw)]
    wrong = _same_page(document)
    if wrong is not None:
        return [_refused(place, "wrong_type", f"{wrong[1:]}: this page stands there twice", raw, wrong)]
    return [_accept(document, tuple(notes), place, raw)]


def with_ocid(raw: bytes, ocid: str) -> bytes:
    """The document, with the process that its uploader named; what a document says of itself stands above it."""
    document = loads(raw)
    try:
        return dumps({"ocid": ocid} | document) if isinstance(document, dict) else raw
    except orjson.JSONEncodeError:  # nested deeper than is kept; refused later
        return raw


def _accept(document: dict[str, Any], notes: tuple[Note, ...], place: SourceLocation, raw: bytes) -> ValidationResult:
    identity = document.get("id") or (document.get("sha256") or "")[:32]
    if not identity:
        return _refused(place, "missing_id", "id: missing, and there is no sha256 to make one of", raw, "/id")
    reason = why_too_long(url_safe(identity))
    if reason:
        return _refused(place, "too_long", reason, raw, "/id")
    document["id"] = identity
    if document.get("state") is None:
        document["state"] = "text" if any(page.get("text", "").strip() for page in document.get("pages") or []) else "empty"
    try:
        payload = canonical_json(document)
    except orjson.JSONEncodeError:
        return _refused(place, "too_deep", "objects or arrays are nested too deep to be kept", raw)
    said = process_claims(document)
    return AcceptedRecord(
        kind=Kind.DOCUMENTS,
        record_id=url_safe(identity),
        ocid=said[0].ocid if said else None,
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
        notes.append(Note(code="bad_surrogate", path="", message=NOTES["bad_surrogate"]))
        return document


def _same_page(document: dict[str, Any]) -> str | None:
    """The JSON Pointer of a page whose number an earlier one has."""
    seen: set[int] = set()
    for index, page in enumerate(document.get("pages") or []):
        if page["page"] in seen:
            return f"/pages/{index}/page"
        seen.add(page["page"])
    return None


def _invalid(error: ValidationError, document: dict[str, Any], place: SourceLocation, raw: bytes) -> RefusedElement:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = pointer(first["loc"])
    ocid = document.get("ocid")
    message = first["msg"][:1].lower() + first["msg"][1:]
    return _refused(place, "wrong_type", f"{path[1:]}: {message}", raw, path, ocid if isinstance(ocid, str) else None)


def _refused(place: SourceLocation, code: str, reason: str, raw: bytes, path: str = "", ocid: str | None = None) -> RefusedElement:
    shown = raw[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace")[:EXCERPT_CHARACTERS].replace("\x00", "\\u0000")
    return RefusedElement(place=place, code=code, reason=reason[:2_000], path=path, excerpt=shown, ocid=ocid)
