"""Accept changes of raw records: what is surely impossible is refused at once, the rest becomes a job over a file of operations.

Whether a change can be made is found out when it is landed, behind everything that was accepted before it; so nothing is called
missing here while a job that could create it waits.
"""

import secrets

import orjson

from domain.jobs.job import Job, JobWebhook
from domain.raw_records.entity_tags import etag, matches
from domain.raw_records.operations import Op, Operation, Operations, write_operations
from domain.raw_records.record import RefusedElement, SourceLocation
from domain.raw_records.versions import CurrentVersion
from domain.shared.errors import NotFoundError, PreconditionError, UnprocessableError
from domain.shared.exact_json import dumps
from domain.validation.elements import validate_element
from services.jobs.acceptance import accept, new_job
from services.jobs.idempotency import IdempotencyKey, was_used
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork

MAX_OPERATIONS = 10_000  # operations of one request
TOO_DEEP = "objects or arrays are nested too deep to be kept"


def submit_operations(
    parts: Parts, operations: Operations, *, actor: str, filename: str, idempotency: IdempotencyKey | None = None, webhook: JobWebhook | None = None
) -> Job:
    """A job that makes these changes. UnprocessableError for none, or too many, or none that can be kept; NoSpaceError on a full disk."""
    if not 1 <= len(operations.items) <= MAX_OPERATIONS:
        raise UnprocessableError(
            f"a request changes 1 to {MAX_OPERATIONS} records; this one names {len(operations.items)}. Larger ones go to POST /v1/uploads as a file"
        )
    content = _written(operations)
    receiver = parts.files.receive()
    try:
        receiver.write(content)
        sha256, _ = receiver.finish()
    finally:
        receiver.abort()
    job = new_job(kind="raw", actor=actor, filename=filename, sha256=sha256, webhook=webhook)
    (found,) = accept(parts.warehouse, parts.messages, [job], idempotency)
    if found.id != job.id:
        parts.files.remove(sha256)  # the request was made before, and so was its file
    return found


def _written(operations: Operations) -> bytes:
    """The file of the operations; those that can't be written down are put down as refused. UnprocessableError where none can."""
    mark = secrets.token_hex(16)
    try:
        return b"".join(write_operations(operations, mark))
    except orjson.JSONEncodeError as error:
        items = [_kept(one) for one in operations.items]
        if all(one.refusal for one in items):
            raise UnprocessableError(TOO_DEEP) from error
        return b"".join(write_operations(operations.model_copy(update={"items": items}), mark))


def _kept(one: Operation) -> Operation:
    try:
        orjson.dumps(one.payload)
    except orjson.JSONEncodeError:
        return Operation(op=one.op, kind=one.kind, id=one.id, refusal=("too_deep", TOO_DEEP))
    return one


def prepare_single_operation(
    parts: Parts, one: Operation, if_match: str | None = None, if_none_match: str | None = None, idempotency: IdempotencyKey | None = None
) -> Operation:
    """The operation with what must hold when it is landed.

    NotFoundError and PreconditionError where that can't come true any more, UnprocessableError for a record that can't be used,
    or is not the one that is named. None of them for a request that was made before.
    """
    with parts.warehouse.read() as work:
        if was_used(work, idempotency):
            return one
        if one.op is Op.PUT:
            check_put(one)
        row = work.record_catalogue.current(one.kind, [one.id]).get(one.id) if one.id else None
        if one.op is not Op.PUT and (row is None or (row.deleted and one.op is not Op.PURGE)) and not work.raw_job_order.any_unlanded():
            raise NotFoundError(f"there is no record {one.id} of {one.kind}" + (": it was deleted" if row else ""))
        return _with_conditions(work, one, row, if_match, if_none_match)


def check_put(one: Operation) -> None:
    """UnprocessableError where the payload of a put is refused, or makes it another record than the one named."""
    try:
        raw = dumps(one.payload)
    except orjson.JSONEncodeError as error:
        raise UnprocessableError(TOO_DEEP) from error
    found = validate_element(raw, SourceLocation(file=""), one.kind)
    if not found:
        raise UnprocessableError(f"the body holds none of the {one.kind}: its list is empty", code="no_record")
    if one.id and len(found) > 1:
        raise UnprocessableError(f"the body holds {len(found)} records, and is to hold {one.id} alone", code="id_mismatch")
    for verdict in found:
        if isinstance(verdict, RefusedElement) and (one.id or len(found) == 1):
            raise UnprocessableError(verdict.reason, code=verdict.code, path=verdict.path)
        if one.id and not isinstance(verdict, RefusedElement) and verdict.record_id != one.id:
            raise UnprocessableError(f"the content makes it the record {verdict.record_id}, not {one.id}", code="id_mismatch", id=verdict.record_id)


def _with_conditions(work: ReadUnitOfWork, one: Operation, row: CurrentVersion | None, if_match: str | None, if_none_match: str | None) -> Operation:
    tag = etag(row.version, row.content_hash) if row is not None and not row.deleted else None
    updates: dict[str, object] = {}
    try:
        if if_match is not None:
            if if_match.strip() == "*":
                updates["exists"] = True
            if not matches(if_match, tag, weak=False) and not (if_match.strip() == "*" and work.raw_job_order.any_unlanded()):
                raise PreconditionError(_changed(one, tag), current=tag)
            if row is not None and if_match.strip() != "*":
                updates["if_version"] = row.version
        if if_none_match is not None:
            if matches(if_none_match, tag, weak=True):
                raise PreconditionError(_changed(one, tag), current=tag)
            if if_none_match.strip() == "*":
                updates["exists"] = False
    except ValueError as error:
        raise UnprocessableError(str(error)) from error
    return one.model_copy(update=updates)


def _changed(one: Operation, tag: str | None) -> str:
    return f"the record {one.id} is at {tag} now" if tag else f"there is no record {one.id} now"
