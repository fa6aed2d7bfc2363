"""Finds stored files that hold a record but brought no version of it: it was unchanged, or was refused."""

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

SLICE_ELEMENTS = 4_000  # elements per read


def find_files_with(parts: Parts, one: Audit, known: set[str]) -> set[str]:
    """SHA-256 of further files that hold the record, among files of jobs accepted before the purge."""
    with parts.warehouse.read() as work:
        jobs = work.jobs.get_many(work.raw_job_order.jobs_with_unlanded_content(one.job_id))
    found: set[str] = set()
    for job in jobs:
        if (
            job.sha256
            and job.sha256 not in known | found
            and parts.files.path(job.sha256).exists()
            and _holds(parts, job, one)
        ):
            found.add(job.sha256)
    return found


def _holds(parts: Parts, job: Job, one: Audit) -> bool:
    if job.type == "raw":
        return _operations_hold(parts, job, one)
    try:
        return any(_is_about(element, one) for element in _elements(parts, job))
    except (InvalidError, TooLargeError):
        return False  # unreadable, so nothing of it was landed
    finally:
        _release(parts, job.sha256 or "")


def _operations_hold(parts: Parts, job: Job, one: Audit) -> bool:
    """Whether the request names the record, or would have created it."""
    try:
        with parts.files.path(job.sha256 or "").open("rb") as lines:
            items = [item for item in read_operations(lines).items if item.kind is one.kind]
    except (FileNotFoundError, ValueError):
        return False
    place = SourceLocation(file="")
    elements = (Element(orjson.dumps(item.payload), place, kind=item.kind) for item in items if item.id is None)
    return any(item.id == one.record_id for item in items) or any(_is(element, one) for element in elements)


def _release(parts: Parts, sha256: str) -> None:
    """Remove the reader's temporary copies, unless a landing job reads the file."""
    with parts.warehouse.read() as work:
        reading = work.raw_job_order.is_read([sha256])
    if not reading:
        parts.sources.remove_copies(sha256)


def _elements(parts: Parts, job: Job) -> Iterator[Element | RefusedElement]:
    position = None
    while True:
        batch = parts.sources.read(job.sha256 or "", job.filename or "upload", position, SLICE_ELEMENTS)
        yield from batch.elements
        yield from batch.refused
        position = batch.position
        if position is None:
            return


def _is(element: Element, one: Audit) -> bool:
    """Whether the element is the record, or a refused element with its id or process."""
    if element.kind is not one.kind or not _may_be(element.raw, one):
        return False
    if one.record_id in named_record_ids(element.raw, element.kind):
        return True
    results = validate_element(element.raw, element.place, element.kind)
    return any(_result_is(result, one) for result in results)


def _result_is(result: AcceptedRecord | RefusedElement, one: Audit) -> bool:
    return _accepted_is(result, one) if isinstance(result, AcceptedRecord) else _is_about(result, one)


def _accepted_is(accepted: AcceptedRecord, one: Audit) -> bool:
    """Whether it is the record, also under an id derived from content, as for repeated ids in one upload."""
    if accepted.kind is Kind.RELEASES and is_derived_id(one.record_id, accepted.record_id):
        return True
    return accepted.record_id == one.record_id


def _is_about(element: Element | RefusedElement, one: Audit) -> bool:
    """Whether the element is the record, or a refused element of the same process."""
    if isinstance(element, Element):
        return _is(element, one)
    return one.kind is Kind.RELEASES and element.ocid is not None and element.ocid == one.ocid


def _may_be(raw: bytes, one: Audit) -> bool:
    """Cheap check: every release contains its process's ocid.

    Not applicable to ocids that JSON can write in several ways.
    """
    plain = (
        one.ocid is not None
        and one.ocid.isascii()
        and "/" not in one.ocid
        and orjson.dumps(one.ocid) == f'"{one.ocid}"'.encode()
    )
    return not plain or one.kind != "releases" or (one.ocid or "").encode() in raw
