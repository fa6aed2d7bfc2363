"""Accept, repair or refuse: what becomes of one element of a source. Pure.

Good records take the fast way: one parse, one strict validation, one dump. Only what fails it is looked at for repairs
(domain/repair.py); what can't be repaired is refused with the place and the reason, and nothing else of its file is lost.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from pydantic import ValidationError

from domain.instants import instant
from domain.ocds import Release
from domain.quality import quality
from domain.record import Accepted, Judgement, Kind, Note, Place, Refused
from domain.repair import pointer, repair, strip_nul
from domain.urls import url_safe

EXCERPT = 2_000
DEEPEST = 200


def judge(raw: bytes, place: Place) -> list[Judgement]:
    """What becomes of an element: a release, a record, a package of either, or an array of any of them."""
    try:
        element = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return [_refused(raw, place, "invalid_json", f"not valid JSON: {error}")]
    return _unpack(element, raw, place, 0)


def _unpack(element: Any, raw: bytes, place: Place, depth: int) -> list[Judgement]:
    if isinstance(element, list):
        return _each(element, raw, place, "", depth)
    if not isinstance(element, dict):
        return [_refused(raw, place, "not_an_object", f"expected a release, a record or a package, got {_kind(element)}")]
    if isinstance(element.get("records"), list):
        return _each(element["records"], raw, place, "/records", depth)
    if isinstance(element.get("releases"), list) and (element["releases"] or "compiledRelease" not in element):
        linked = [one for one in element["releases"] if isinstance(one, dict) and "url" in one and "tag" in one and "id" not in one]
        if linked and isinstance(element.get("compiledRelease"), dict):
            return [
                _release(element["compiledRelease"], raw, _below(place, "/compiledRelease"), [_note("compiled_only", "the record's releases are links only")])
            ]
        return _each(element["releases"], raw, place, "/releases", depth)
    if isinstance(element.get("compiledRelease"), dict):
        note = _note("compiled_only", "the record has no releases; its compiled release stands for them")
        return [_release(element["compiledRelease"], raw, _below(place, "/compiledRelease"), [note])]
    return [_release(element, raw, place, [])]


def _each(elements: list[Any], raw: bytes, place: Place, path: str, depth: int) -> list[Judgement]:
    if depth > 3:
        return [_refused(raw, place, "too_deep", "packages are nested more than three deep")]
    found: list[Judgement] = []
    for index, one in enumerate(elements):
        found += _unpack(one, raw, _below(place, f"{path}/{index}"), depth + 1)
    return found


def _below(place: Place, path: str) -> Place:
    return place.model_copy(update={"path": place.path + path})


def _release(release: dict[str, Any], raw: bytes, place: Place, notes: list[Note]) -> Judgement:
    if b"\\u0000" in raw:
        release = strip_nul(release, "", notes)
    if "url" in release and "date" in release and not ({"id", "ocid", "tender", "awards"} & release.keys()):
        return _refused(raw, place, "linked_release", f"only a link to a release ({str(release['url'])[:200]}); fetch it and upload it")
    _identify(release, notes)
    problem = _make_valid(release, notes)
    if problem is not None:
        path, reason = problem
        return _refused(raw, place, "invalid_release", reason, path, release)
    if not release["ocid"].strip():
        return _refused(raw, place, "missing_ocid", "/ocid: empty; a release without an ocid belongs to no contracting process", "/ocid", release)
    date = _date(release, notes)
    if date is None:
        return _refused(raw, place, "unreadable_date", f"/date: {release['date']!r} is not a date", "/date", release)
    notes += quality(release)
    try:
        payload = orjson.dumps(release, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        return _refused(raw, place, "invalid_json", str(error), "", release)
    return Accepted.model_construct(
        kind=Kind.RELEASES,
        record_id=release_record_id(release["ocid"], release["id"]),
        ocid=release["ocid"],
        date=date,
        payload=payload,
        content_hash=blake2b(payload, digest_size=16).digest(),
        notes=tuple(notes),
        place=place,
    )


def release_record_id(ocid: str, release_id: str) -> str:
    """`{ocid}:{release id}` made URL-safe."""
    return f"{url_safe(ocid)}:{url_safe(release_id)}"


def _identify(release: dict[str, Any], notes: list[Note]) -> None:
    """Give a release without an id one that its content makes."""
    if release.get("id") in (None, ""):
        content = orjson.dumps({key: value for key, value in release.items() if key != "id"}, option=orjson.OPT_SORT_KEYS)
        release["id"] = f"generated-{blake2b(content, digest_size=10).hexdigest()}"
        notes.append(_note("missing_release_id", "the release has no id; this one is made of its content", "/id"))


def _make_valid(release: dict[str, Any], notes: list[Note]) -> tuple[str, str] | None:
    """Repair in place until it is valid; (path, reason) of what can't be repaired."""
    for _ in range(6):
        try:
            Release.model_validate(release)
        except ValidationError as error:
            problem = repair(release, error.errors(include_url=False, include_context=False), notes)
            if problem is not None:
                return problem
        else:
            return None
    return "", "too many kinds of errors to repair"


def _date(release: dict[str, Any], notes: list[Note]) -> datetime | None:
    read = instant(release["date"])
    if read is None:
        return None
    date, repaired = read
    if repaired:
        notes.append(_note("date_repaired", f"{release['date']!r} read as {date.isoformat()} ({repaired})", "/date"))
        release["date"] = date.strftime("%Y-%m-%dT%H:%M:%SZ")
    return date


def _note(code: str, message: str, path: str = "") -> Note:
    return Note(code=code, path=path, message=message)


def _kind(value: Any) -> str:
    return {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "an array", dict: "an object"}[type(value)]


def _refused(raw: bytes, place: Place, code: str, reason: str, path: str = "", release: Any = None) -> Refused:
    ocid = release.get("ocid") if isinstance(release, dict) else None
    shown = orjson.dumps(release, default=str)[: EXCERPT * 4] if release is not None else raw[: EXCERPT * 4]
    excerpt = shown.decode("utf-8", "replace")[:EXCERPT].replace("\x00", "\\u0000")
    known = ocid.replace("\x00", "") if isinstance(ocid, str) else None
    return Refused(place=place, code=code, reason=reason[:2_000], path=path, excerpt=excerpt, ocid=known)


__all__ = ["judge", "pointer", "release_record_id"]
