"""Validation of one element: its releases are accepted, repaired or refused. Pure.

Valid releases take the fast path: one parse, one strict validation, one dump. Only invalid ones are repaired
(domain/ocds/repair.py); an irreparable one is refused with place and reason, without loss of the rest of its file.
"""

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from domain.ocds.model_types import checker
from domain.ocds.models import Release
from domain.ocds.not_ocds import not_ocds
from domain.ocds.packages import UnpackedRelease, is_link, unpack_releases
from domain.ocds.quality import quality_notes
from domain.ocds.release_dates import decide_dates, doubtful_dates, two_readings
from domain.ocds.repair import make_valid
from domain.raw_records.identity import release_record_id
from domain.raw_records.note_codes import note
from domain.raw_records.record import (
    AcceptedRecord,
    Kind,
    Note,
    RefusedElement,
    SourceLocation,
    ValidationResult,
    refused,
    why_too_long,
)
from domain.raw_records.text_repair import note_rounded, replace_surrogates, strip_nul
from domain.shared.canonical_json import canonical_json
from domain.shared.dates import DateOrder, instant, possible_days, rfc3339
from domain.shared.exact_json import loads, may_lose_digits

REFUSALS: dict[str, str] = {
    "invalid_json": "the text is not valid JSON (also used by file readers for an element without an end)",
    "invalid_utf8": "the text has bytes that are not UTF-8",
    "too_deep": "objects or arrays are nested too deep to be kept",
    "too_large": "the element is larger than the configured limit (used by file readers)",
    "truncated_file": "the compressed file is truncated or damaged; what precedes the damage was read (file readers)",
    "not_an_object": "the value is no object where a release, a record or a package is expected",
    "not_ocds": "an object that is neither a package nor a record nor a release",
    "linked_release": "only a link to a release: fetch it and upload it",
    "record_without_releases": "a record that has neither releases nor a compiled release",
    "missing_ocid": "a release without an ocid belongs to no contracting process",
    "too_long": "an ocid or a record's id exceeds the length limit of requests",
    "missing_date": "a release without a date can't be put in order",
    "unreadable_date": "the release's date can't be read",
    "ambiguous_date": "the release's date is ambiguous, and no other date of the release or its file decides its order",
    "wrong_type": "the type of a value differs from the standard and can't be repaired",
}
CHECKER = checker(Release)
LISTED = re.compile(r"/(releases/\d+|releases|compiledRelease)$")  # places of releases, even incomplete ones
MISSING = {"/ocid": "missing_ocid", "/date": "missing_date"}


class RefusalError(Exception):
    """Raised when a release can't be used: code, JSON Pointer of the wrong value, reason."""

    def __init__(self, code: str, path: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.path = path
        self.reason = reason


class ElementText(NamedTuple):
    """The text of an element, and the results of cheap checks over the whole of it."""

    raw: bytes
    nul: bool
    long: bool
    order: DateOrder | None
    notes: tuple[Note, ...]


def validate_release_element(
    raw: bytes, place: SourceLocation, order: DateOrder | None = None
) -> list[ValidationResult]:
    """Validate an element: a release, an OCDS record, a package of either, or an array of any of them.

    `order` is the day-month order of the file's dates, if known.
    """
    notes: tuple[Note, ...] = ()
    long = may_lose_digits(raw)
    try:
        element = loads(raw, long)
    except orjson.JSONDecodeError as error:
        try:
            element = loads(replace_surrogates(raw), long)
        except orjson.JSONDecodeError:
            return [_not_json(raw, place, error)]
        notes = (note("bad_surrogate"),)
    text = ElementText(raw, b"\\u0000" in raw, long, order, notes)
    return [_validate_release(piece, text, place) for piece in unpack_releases(element)]


def _validate_release(piece: UnpackedRelease, text: ElementText, place: SourceLocation) -> ValidationResult:
    if piece.path:
        place = place.model_copy(update={"path": place.path + piece.path})
    try:
        if piece.refusal is not None:
            raise RefusalError(piece.refusal[0], "", piece.refusal[1])
        if is_link(piece.value):
            raise RefusalError(
                "linked_release",
                "/url",
                f"only a link to a release ({str(piece.value['url'])[:200]}): fetch it and upload it",
            )
        if isinstance(piece.value, dict) and not LISTED.search(place.path) and (why := not_ocds(piece.value)):
            raise RefusalError("not_ocds", "", why)
        return _accept(piece, text, place)
    except RefusalError as refusal:
        excerpt = text.raw if not piece.path else _dump(piece.value) or text.raw
        ocid = piece.value.get("ocid") if isinstance(piece.value, dict) else None
        return refused(place, refusal.code, refusal.reason, excerpt, refusal.path, ocid)


def _accept(piece: UnpackedRelease, text: ElementText, place: SourceLocation) -> AcceptedRecord:
    release: dict[str, Any] = piece.value
    notes = [*text.notes]
    if piece.compiled:
        notes.append(note("compiled_only", detail=piece.compiled))
    if text.nul:
        strip_nul(release, notes)
    if release.get("id") in (None, ""):
        _identify(release, notes)
    if release.get("ocid") is None:
        raise RefusalError(
            "missing_ocid", "/ocid", "ocid: missing" if release.get("date") else "ocid: missing; date: missing"
        )
    problem = make_valid(release, CHECKER, notes)
    if problem is not None:
        path, reason = problem
        raise RefusalError(
            MISSING.get(path, "wrong_type") if reason.endswith(": missing") else "wrong_type", path, reason
        )
    if text.long:
        note_rounded(release, notes)
    if not release["ocid"].strip():
        raise RefusalError("missing_ocid", "/ocid", "ocid: empty")
    record_id = release_record_id(release["ocid"], str(release["id"]))
    excess = why_too_long(record_id, release["ocid"])
    if excess:
        raise RefusalError("too_long", f"/{excess.partition(':')[0]}", excess)
    doubts = [*doubtful_dates(release)]
    order = None
    if possible_days(release["date"]) or any(doubt.code == "ambiguous_date" for doubt in doubts):
        order = decide_dates(release, notes, text.order)
        doubts = [*doubtful_dates(release)]
    date = _date(release, notes, order)
    notes += [*quality_notes(release), *doubts]
    payload = _checked_dump(release)
    return AcceptedRecord(
        kind=Kind.RELEASES,
        record_id=record_id,
        ocid=release["ocid"],
        date=date,
        payload=payload,
        content_hash=blake2b(payload, digest_size=16).digest(),
        notes=tuple(notes),
        place=place,
    )


def _identify(release: dict[str, Any], notes: list[Note]) -> None:
    """Give a release without an id one derived from its content."""
    release.pop("id", None)
    release["id"] = f"generated-{blake2b(_checked_dump(release), digest_size=10).hexdigest()}"
    notes.append(note("missing_release_id", "/id"))


def _date(release: dict[str, Any], notes: list[Note], order: DateOrder | None) -> datetime:
    text = release["date"]
    read = instant(text, order)
    if read is None:
        if possible_days(text):
            raise RefusalError(
                "ambiguous_date",
                "/date",
                f"date: {two_readings(text)}; no other date of the release or its file decides",
            )
        code = "unreadable_date" if text.strip() else "missing_date"
        raise RefusalError(code, "/date", f"date: {text[:80]!r} is not a date" if text.strip() else "date: empty")
    date, assumed = read
    if assumed:
        notes.append(note("date_repaired", "/date", f"{text[:80]!r} read as {rfc3339(date)} ({assumed})"))
        release["date"] = rfc3339(date)
    return date


def _dump(value: Any) -> bytes | None:
    """Canonical JSON; None if it is nested deeper than the storage limit."""
    try:
        return canonical_json(value)
    except orjson.JSONEncodeError:
        return None


def _checked_dump(release: dict[str, Any]) -> bytes:
    payload = _dump(release)
    if payload is None:
        raise RefusalError("too_deep", "", REFUSALS["too_deep"])
    return payload


def _not_json(raw: bytes, place: SourceLocation, error: orjson.JSONDecodeError) -> RefusedElement:
    try:
        raw.decode()
    except UnicodeDecodeError as invalid:
        before = raw[: invalid.start].decode()
        offset = (place.offset or 0) + invalid.start
        reason = f"byte 0x{raw[invalid.start]:02X} at offset {offset} is not UTF-8 ({_at(place, before)})"
        return refused(place, "invalid_utf8", reason, raw)
    if "depth limit" in str(error):
        return refused(place, "too_deep", REFUSALS["too_deep"], raw)
    reason = f"not valid JSON: {error.msg}: {_at(place, error.doc[: error.pos])}"
    return refused(place, "invalid_json", reason, raw)


def _at(place: SourceLocation, before: str) -> str:
    """Line and column in the file at the end of `before`, the beginning of the element's text."""
    lines = before.count("\n")
    column = len(before) - before.rfind("\n") if lines else len(before) + (place.column or 1)
    return (
        f"line {(place.line or 1) + lines} column {column}"
        if place.line or place.offset in {None, 0}
        else f"offset {place.offset + len(before.encode())}"
    )
