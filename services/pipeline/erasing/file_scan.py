"""Traces: uploaded files that held a record without having brought a version of it, because it was known already, or refused there."""

from collections.abc import Iterator

import orjson

from domain.jobs.job import Job
from domain.ocds.repeated_ids import is_derived_id
from domain.raw_records.audit import Audit
from domain.raw_records.operations import read_operations
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, SourceLocation
from domain.shared.errors import InvalidError, TooLargeError
from domain.validation.elements import named_record_ids, validate_element
from services.ports.parts import Parts
from services.ports.sources import Element

SLICE_ELEMENTS = 4_000  # elements read at a time


def find_files_with(parts: Parts, one: Audit, known: set[str]) -> set[str]:
    """SHA-256 of the files, beside the known ones, that hold the record; of jobs that were accepted before it was purged."""
    with parts.warehouse.read() as work:
        jobs = work.jobs.get_many(work.raw_job_order.jobs_with_unlanded_content(one.job_id))
    found: set[str] = set()
    for job in jobs:
        if job.sha256 and job.sha256 not in known | found and parts.files.path(job.sha256).exists() and _holds(parts, job, one):
            found.add(job.sha256)
    return found


def _holds(parts: Parts, job: Job, one: Audit) -> bool:
    if job.type == "raw":
        return _operations_hold(parts, job, one)
    try:
        return any(_is_about(element, one) for element in _elements(parts, job))
    except (InvalidError, TooLargeError):
        return False  # nobody can read it, so that nothing of it was landed
    finally:
        _release(parts, job.sha256 or "")


def _operations_hold(parts: Parts, job: Job, one: Audit) -> bool:
    """Whether a request named the record, or would have made it."""
    try:
        with parts.files.path(job.sha256 or "").open("rb") as lines:
            items = [item for item in read_operations(lines).items if item.kind is one.kind]
    except (FileNotFoundError, ValueError):
        return False
    place = SourceLocation(file="")
    elements = (Element(orjson.dumps(item.payload), place, kind=item.kind) for item in items if item.id is None)
    return any(item.id == one.record_id for item in items) or any(_is(element, one) for element in elements)


def _release(parts: Parts, sha256: str) -> None:
    """Give back what the reading left on disk, unless a job that is being landed reads it."""
    with parts.warehouse.read() as work:
        reading = work.raw_job_order.is_read([sha256])
    if not reading:
        parts.sources.remove_copies(sha256)


def _elements(parts: Parts, job: Job) -> Iterator[Element | RefusedElement]:
    position = None
    while True:
        piece = parts.sources.read(job.sha256 or "", job.filename or "upload", position, SLICE_ELEMENTS)
        yield from piece.elements
        yield from piece.refused
        position = piece.position
        if position is None:
            return


def _is(element: Element, one: Audit) -> bool:
    """Whether the element is the record; also where it is refused, but bears its id or is of the same process."""
    if element.kind is not one.kind or not _may_be(element.raw, one):
        return False
    if one.record_id in named_record_ids(element.raw, element.kind):
        return True
    verdicts = validate_element(element.raw, element.place, element.kind)
    return any(_accepted_is(verdict, one) if isinstance(verdict, AcceptedRecord) else _is_about(verdict, one) for verdict in verdicts)


def _accepted_is(verdict: AcceptedRecord, one: Audit) -> bool:
    """Whether it is the record, or may be under an id made of its content, as releases of one id in one upload have."""
    return verdict.record_id == one.record_id or (verdict.kind is Kind.RELEASES and is_derived_id(one.record_id, verdict.record_id))


def _is_about(element: Element | RefusedElement, one: Audit) -> bool:
    """Whether the element is the record, or was refused and is of the same process."""
    if isinstance(element, Element):
        return _is(element, one)
    return one.kind is Kind.RELEASES and element.ocid is not None and element.ocid == one.ocid


def _may_be(raw: bytes, one: Audit) -> bool:
    """A cheap look: the process's ocid stands in every release of it; what JSON may write in several ways proves nothing."""
    plain = one.ocid is not None and one.ocid.isascii() and "/" not in one.ocid and orjson.dumps(one.ocid) == f'"{one.ocid}"'.encode()
    return not plain or one.kind != "releases" or (one.ocid or "").encode() in raw
