"""Reads the JSON bodies of raw-record requests, up to a size limit, and turns them into operations."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from api.requests.body_stream import body_chunks
from domain.raw_records.identity import FIELDS, record_id_of
from domain.raw_records.operations import Op, Operation
from domain.raw_records.record import Kind
from domain.shared.errors import InvalidError, TooLargeError, UnprocessableError
from domain.shared.exact_json import loads

JSON = ("application/json",)
PATCHES = ("application/merge-patch+json", "application/json")
PDF = "application/pdf"


def media_type(request: Request) -> str:
    """The media type of the body, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, types: Sequence[str], limit: int) -> bytes:
    """The body; empty if there is none. TooLargeError beyond `limit` bytes; 415 for a media type outside `types`."""
    body = bytearray()
    try:
        async for chunk in body_chunks(request):
            body += chunk
            if len(body) > limit:
                raise TooLargeError(
                    f"the body is larger than the {limit} bytes that TENDERLAKE_MAX_RECORD_BYTES allows; send a file "
                    "to POST /v1/uploads",
                    limit=limit,
                )
    except ClientDisconnect as error:
        raise InvalidError("the connection was closed before the body was complete") from error
    if body and media_type(request) not in types:
        raise HTTPException(415, f"the body must be {' or '.join(types)}; files of other types go to POST /v1/uploads")
    return bytes(body)


def fingerprint(body: bytes) -> str:
    """SHA-256 of the body as received."""
    return hashlib.sha256(body).hexdigest()


def parse(body: bytes) -> Any:
    """Parse a JSON body. InvalidError if it is empty or no valid JSON."""
    try:
        return loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"the body is not valid JSON: {error}" if body else "the body is empty; it must be JSON"
        raise InvalidError(detail) from error


def puts(kind: Kind, body: Any) -> list[Operation]:
    """One put for a record, or one for each record of an array."""
    return [Operation(op=Op.PUT, kind=kind, payload=one) for one in (body if isinstance(body, list) else [body])]


def patches(kind: Kind, body: Any, ids: Sequence[str]) -> list[Operation]:
    """One patch per id with the same body, or one per array element: `{"id", "patch"}` or a merge patch that names its
    record.

    A malformed element becomes an operation that is refused. UnprocessableError if all elements are malformed.
    """
    if ids:
        if not isinstance(body, dict):
            raise UnprocessableError("the merge patch must be a JSON object")
        return [Operation(op=Op.PATCH, kind=kind, id=one, payload=body) for one in ids]
    if not isinstance(body, list):
        raise UnprocessableError("a merge patch of many records needs ids (?id=…), or an array of {id, patch}")
    return _require_one_valid([_element(Op.PATCH, kind, element, _patch) for element in body])


def deletions(kind: Kind, body: Any, ids: Sequence[str], op: Op) -> list[Operation]:
    """One deletion per id, or per array element: an id or `{"id", "if_version"}`.

    Malformed elements: as for `patches`.
    """
    if body is None:
        if not ids:
            raise UnprocessableError("name the records to delete: ?id=…&id=…, or an array of ids in the body")
        return [Operation(op=op, kind=kind, id=one) for one in ids]
    if ids or not isinstance(body, list):
        raise UnprocessableError("name the records to delete by ?id=…&id=… or by an array of ids in the body, not both")
    return _require_one_valid([_element(op, kind, element, _deletion) for element in body])


def _element(op: Op, kind: Kind, one: Any, read: Callable[[Op, Kind, Any], Operation]) -> Operation:
    try:
        return read(op, kind, one)
    except UnprocessableError as error:
        return Operation(op=op, kind=kind, payload=one, refusal=("malformed", error.detail))


def _require_one_valid(operations: list[Operation]) -> list[Operation]:
    if operations and all(operation.refusal for operation in operations):
        _, reason = operations[0].refusal or ("", "")
        if len(operations) == 1:
            raise UnprocessableError(f"element 0: {reason}")
        raise UnprocessableError(f"none of the {len(operations)} elements can be read; element 0: {reason}")
    return operations


def _patch(op: Op, kind: Kind, one: Any) -> Operation:
    if not isinstance(one, dict):
        raise UnprocessableError("expected {id, patch}, or a merge patch that names its record")
    if "patch" in one and one.keys() <= {"id", "patch", "if_version"}:
        if not isinstance(one["patch"], dict):
            raise UnprocessableError("the patch must be a JSON object")
        return _operation(op, kind, one.get("id"), one.get("if_version"), one["patch"])
    record_id = record_id_of(kind, one)
    if record_id is None or "\0" in record_id:
        raise UnprocessableError(f"the record is not named: send {{id, patch}}, or include its {FIELDS[kind]}")
    return Operation(op=op, kind=kind, id=record_id, payload=one)


def _deletion(op: Op, kind: Kind, one: Any) -> Operation:
    if isinstance(one, dict) and one.keys() <= {"id", "if_version"}:
        return _operation(op, kind, one.get("id"), one.get("if_version"), None)
    return _operation(op, kind, one, None, None)


def _operation(op: Op, kind: Kind, record_id: Any, version: Any, payload: Any) -> Operation:
    if not isinstance(record_id, str) or not record_id or "\0" in record_id:
        raise UnprocessableError("the id is missing; it must be a text without null characters")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise UnprocessableError("if_version must be a whole number")
    return Operation(op=op, kind=kind, id=record_id, payload=payload, if_version=version)
