"""Accepts changes of raw records: impossible ones are refused, the others become a job with a file of operations.

Preconditions are checked at landing, after all jobs accepted before. No record is reported as missing while an
unlanded job could create it.
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
from services.ports.files import StoredFiles
from services.ports.queue import MessageQueue
from services.ports.warehouse import ReadUnitOfWork, Warehouse

MAX_OPERATIONS = 10_000
TOO_DEEP = "objects or arrays are nested too deep to be kept"


def submit_operations(
    warehouse: Warehouse,
    messages: MessageQueue,
    files: StoredFiles,
    operations: Operations,
    *,
    actor: str,
    filename: str,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> Job:
    """Accept a job with these changes. UnprocessableError for none, too many, or only unusable ones; NoSpaceError."""
    if not 1 <= len(operations.items) <= MAX_OPERATIONS:
        raise UnprocessableError(
            f"a request changes 1 to {MAX_OPERATIONS} records; this one names {len(operations.items)}. Larger ones go "
            "to POST /v1/uploads as a file"
        )
    sha256, _ = files.store([_operations_file(operations)])
    job = new_job(kind="raw", actor=actor, filename=filename, sha256=sha256, webhook=webhook)
    (found,) = accept(warehouse, messages, [job], idempotency)
    if found.id != job.id:
        files.remove(sha256)  # a repeated request: its file exists
    return found


def _operations_file(operations: Operations) -> bytes:
    """The file of the operations; those without a JSON form are stored as refused. UnprocessableError if all are."""
    mark = secrets.token_hex(16)
    try:
        return b"".join(write_operations(operations, mark))
    except orjson.JSONEncodeError as error:
        items = [_or_refused(operation) for operation in operations.items]
        if all(operation.refusal for operation in items):
            raise UnprocessableError(TOO_DEEP) from error
        return b"".join(write_operations(operations.model_copy(update={"items": items}), mark))


def _or_refused(operation: Operation) -> Operation:
    try:
        orjson.dumps(operation.payload)
    except orjson.JSONEncodeError:
        return Operation(op=operation.op, kind=operation.kind, id=operation.id, refusal=("too_deep", TOO_DEEP))
    return operation


def prepare_single_operation(
    warehouse: Warehouse,
    operation: Operation,
    if_match: str | None = None,
    if_none_match: str | None = None,
    idempotency: IdempotencyKey | None = None,
) -> Operation:
    """The operation with its preconditions for landing.

    NotFoundError and PreconditionError if they can't be met any more. UnprocessableError for a record that is unusable
    or has another id. None of them for a repeated request.
    """
    with warehouse.read() as work:
        if was_used(work, idempotency):
            return operation
        if operation.op is Op.PUT:
            check_put(operation)
        row = work.record_catalogue.current(operation.kind, [operation.id]).get(operation.id) if operation.id else None
        if (
            operation.op is not Op.PUT
            and (row is None or (row.deleted and operation.op is not Op.PURGE))
            and not work.raw_job_order.any_unlanded()
        ):
            raise NotFoundError(
                f"there is no record {operation.id} of {operation.kind}" + (": it was deleted" if row else "")
            )
        return _with_conditions(work, operation, row, if_match, if_none_match)


def check_put(operation: Operation) -> None:
    """UnprocessableError if the payload of a put is refused, or has another id than the operation."""
    try:
        raw = dumps(operation.payload)
    except orjson.JSONEncodeError as error:
        raise UnprocessableError(TOO_DEEP) from error
    found = validate_element(raw, SourceLocation(file=""), operation.kind)
    if not found:
        raise UnprocessableError(f"the body holds none of the {operation.kind}: its list is empty", code="no_record")
    if operation.id and len(found) > 1:
        raise UnprocessableError(
            f"the body holds {len(found)} records, but must hold {operation.id} only", code="id_mismatch"
        )
    for result in found:
        if isinstance(result, RefusedElement) and (operation.id or len(found) == 1):
            raise UnprocessableError(result.reason, code=result.code, path=result.path)
        if operation.id and not isinstance(result, RefusedElement) and result.record_id != operation.id:
            raise UnprocessableError(
                f"the content makes it the record {result.record_id}, not {operation.id}",
                code="id_mismatch",
                id=result.record_id,
            )


def _with_conditions(
    work: ReadUnitOfWork,
    operation: Operation,
    row: CurrentVersion | None,
    if_match: str | None,
    if_none_match: str | None,
) -> Operation:
    tag = etag(row.version, row.content_hash) if row is not None and not row.deleted else None
    updates: dict[str, object] = {}
    try:
        if if_match is not None:
            if if_match.strip() == "*":
                updates["exists"] = True
            if not matches(if_match, tag, weak=False) and not (
                if_match.strip() == "*" and work.raw_job_order.any_unlanded()
            ):
                raise PreconditionError(_changed(operation, tag), current=tag)
            if row is not None and if_match.strip() != "*":
                updates["if_version"] = row.version
        if if_none_match is not None:
            if matches(if_none_match, tag, weak=True):
                raise PreconditionError(_changed(operation, tag), current=tag)
            if if_none_match.strip() == "*":
                updates["exists"] = False
    except ValueError as error:
        raise UnprocessableError(str(error)) from error
    return operation.model_copy(update=updates)


def _changed(operation: Operation, tag: str | None) -> str:
    return f"the record {operation.id} is at {tag} now" if tag else f"there is no record {operation.id} now"
