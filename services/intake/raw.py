"""Accept changes of raw records: what is surely impossible is refused at once, the rest becomes a job over a file of operations.

Whether a change can be made is found out when it is landed, behind everything that was accepted before it; so nothing is called
missing here while a job that could create it waits.
"""

import secrets

import orjson

from domain.changes import Current
from domain.errors import NotFoundError, PreconditionError, UnprocessableError
from domain.etag import etag, matches
from domain.exact import dumps
from domain.job import Hook, Job
from domain.judges import judge
from domain.operation import Op, Operation, Operations, write_operations
from domain.record import Place, Refused
from services.intake.once import Once, made_before
from services.intake.submit import accept, new_job
from services.ports import Parts, Work

MOST = 10_000  # operations of one request
TOO_DEEP = "objects or arrays are nested too deep to be kept"


def change(parts: Parts, operations: Operations, *, actor: str, filename: str, once: Once | None = None, webhook: Hook | None = None) -> Job:
    """A job that makes these changes. UnprocessableError for none, or too many, or none that can be kept; NoSpaceError on a full disk."""
    if not 1 <= len(operations.items) <= MOST:
        raise UnprocessableError(f"a request changes 1 to {MOST} records; this one names {len(operations.items)}. Larger ones go to POST /v1/uploads as a file")
    content = _written(operations)
    receiver = parts.files.receive()
    try:
        receiver.write(content)
        sha256, _ = receiver.finish()
    finally:
        receiver.abort()
    job = new_job(kind="raw", actor=actor, filename=filename, sha256=sha256, webhook=webhook)
    (found,) = accept(parts.warehouse, parts.messages, [job], once)
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


def single(parts: Parts, one: Operation, if_match: str | None = None, if_none_match: str | None = None, once: Once | None = None) -> Operation:
    """The operation with what must hold when it is landed.

    NotFoundError and PreconditionError where that can't come true any more, UnprocessableError for a record that can't be used,
    or is not the one that is named. None of them for a request that was made before.
    """
    with parts.warehouse.read() as work:
        if made_before(work, once):
            return one
        if one.op is Op.PUT:
            check(one)
        row: Current | None = work.records.current(one.kind, [one.id]).get(one.id) if one.id else None
        if one.op is not Op.PUT and (row is None or (row.deleted and one.op is not Op.PURGE)) and not work.turns.could_create():
            raise NotFoundError(f"there is no record {one.id} of {one.kind}" + (": it was deleted" if row else ""))
        return _with_conditions(work, one, row, if_match, if_none_match)


def check(one: Operation) -> None:
    """UnprocessableError where the payload of a put is refused, or makes it another record than the one named."""
    try:
        raw = dumps(one.payload)
    except orjson.JSONEncodeError as error:
        raise UnprocessableError(TOO_DEEP) from error
    found = judge(raw, Place(file=""), one.kind)
    if not found:
        raise UnprocessableError(f"the body holds none of the {one.kind}: its list is empty", code="no_record")
    if one.id and len(found) > 1:
        raise UnprocessableError(f"the body holds {len(found)} records, and is to hold {one.id} alone", code="id_mismatch")
    for verdict in found:
        if isinstance(verdict, Refused) and (one.id or len(found) == 1):
            raise UnprocessableError(verdict.reason, code=verdict.code, path=verdict.path)
        if one.id and not isinstance(verdict, Refused) and verdict.record_id != one.id:
            raise UnprocessableError(f"the content makes it the record {verdict.record_id}, not {one.id}", code="id_mismatch", id=verdict.record_id)


def _with_conditions(work: Work, one: Operation, row: Current | None, if_match: str | None, if_none_match: str | None) -> Operation:
    tag = etag(row.version, row.content_hash) if row is not None and not row.deleted else None
    updates: dict[str, object] = {}
    try:
        if if_match is not None:
            if if_match.strip() == "*":
                updates["exists"] = True
            if not matches(if_match, tag, weak=False) and not (if_match.strip() == "*" and work.turns.could_create()):
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
