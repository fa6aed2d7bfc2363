"""Bodies of requests that change raw records: JSON of a bounded size, turned into operations."""

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
    """The type of the body, in small letters and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, types: Sequence[str], limit: int) -> bytes:
    """The body, empty where there is none. TooLargeError past `limit` bytes; 415 for a body of another type."""
    body = bytearray()
    try:
        async for chunk in body_chunks(request):
            body += chunk
            if len(body) > limit:
                raise TooLargeError(
                    f"the body is larger than the {limit} bytes that TENDERLAKE_MAX_RECORD_BYTES allows; send a file to POST /v1/uploads", limit=limit
                )
    except ClientDisconnect as error:
        raise InvalidError("the request broke off") from error
    if body and media_type(request) not in types:
        raise HTTPException(415, f"the body is to be {' or '.join(types)}; files of other types go to POST /v1/uploads")
    return bytes(body)


def fingerprint(body: bytes) -> str:
    """The SHA-256 of the body as it came."""
    return hashlib.sha256(body).hexdigest()


def parse(body: bytes) -> Any:
    """The JSON of a body. InvalidError for what is none."""
    try:
        return loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"the body is not valid JSON: {error}" if body else "the body is empty; it is to hold JSON") from error


def puts(kind: Kind, body: Any) -> list[Operation]:
    """A put for the record, or for each of an array of them."""
    return [Operation(op=Op.PUT, kind=kind, payload=one) for one in (body if isinstance(body, list) else [body])]


def patches(kind: Kind, body: Any, ids: Sequence[str]) -> list[Operation]:
    """A patch of the same body for each id, or one for each element of the array: `{"id", "patch"}`, or a merge patch that names its record itself.

    An element that is neither becomes an operation that is refused; UnprocessableError where each one is.
    """
    if ids:
        if not isinstance(body, dict):
            raise UnprocessableError("the merge patch is to be a JSON object")
        return [Operation(op=Op.PATCH, kind=kind, id=one, payload=body) for one in ids]
    if not isinstance(body, list):
        raise UnprocessableError("a merge patch for many records takes their ids (?id=…&id=…), or is an array of {id, patch}")
    return _some_good([_element(Op.PATCH, kind, one, _patch) for one in body])


def deletions(kind: Kind, body: Any, ids: Sequence[str], op: Op) -> list[Operation]:
    """A deletion for each id, or for each element of the array: an id, or `{"id", "if_version"}`. Elements that are neither: as for `patches`."""
    if body is None:
        if not ids:
            raise UnprocessableError("say which records to delete: ?id=…&id=…, or an array of ids in the body")
        return [Operation(op=op, kind=kind, id=one) for one in ids]
    if ids or not isinstance(body, list):
        raise UnprocessableError("the records to delete are named by ?id=…&id=… or by an array of ids in the body, not both")
    return _some_good([_element(op, kind, one, _deletion) for one in body])


def _element(op: Op, kind: Kind, one: Any, read: Callable[[Op, Kind, Any], Operation]) -> Operation:
    try:
        return read(op, kind, one)
    except UnprocessableError as error:
        return Operation(op=op, kind=kind, payload=one, refusal=("malformed", error.detail))


def _some_good(operations: list[Operation]) -> list[Operation]:
    if operations and all(one.refusal for one in operations):
        _, reason = operations[0].refusal or ("", "")
        raise UnprocessableError(f"element 0: {reason}" if len(operations) == 1 else f"none of the {len(operations)} elements can be read; element 0: {reason}")
    return operations


def _patch(op: Op, kind: Kind, one: Any) -> Operation:
    if not isinstance(one, dict):
        raise UnprocessableError("expected {id, patch}, or a merge patch that says which record it is of")
    if "patch" in one and one.keys() <= {"id", "patch", "if_version"}:
        if not isinstance(one["patch"], dict):
            raise UnprocessableError("the patch is to be a JSON object")
        return _operation(op, kind, one.get("id"), one.get("if_version"), one["patch"])
    record_id = record_id_of(kind, one)
    if record_id is None or "\0" in record_id:
        raise UnprocessableError(f"it does not say which record it is of: send {{id, patch}}, or give its {FIELDS[kind]}")
    return Operation(op=op, kind=kind, id=record_id, payload=one)


def _deletion(op: Op, kind: Kind, one: Any) -> Operation:
    if isinstance(one, dict) and one.keys() <= {"id", "if_version"}:
        return _operation(op, kind, one.get("id"), one.get("if_version"), None)
    return _operation(op, kind, one, None, None)


def _operation(op: Op, kind: Kind, record_id: Any, version: Any, payload: Any) -> Operation:
    if not isinstance(record_id, str) or not record_id or "\0" in record_id:
        raise UnprocessableError("it has no id, which is a text without null characters")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise UnprocessableError("if_version is a whole number")
    return Operation(op=op, kind=kind, id=record_id, payload=payload, if_version=version)
