"""Operations on raw records, and the file of a job of type `raw`: a header line, then one JSON line each. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel, Field

from domain.raw_records.record import Kind
from domain.shared.exact_json import dumps, loads

FORMAT = "tenderlake operations 1"


class Op(StrEnum):
    """What an operation does to a record."""

    PUT = "put"
    PATCH = "patch"
    DELETE = "delete"
    PURGE = "purge"


class Operation(BaseModel):
    """One change. A put without `id` uses the id in its payload; `if_version` and `exists` are checked at landing.

    `refusal` (code, reason): the element of the request is not a valid operation and is kept for its outcome only.
    """

    op: Op
    kind: Kind
    id: str | None = None
    payload: Any = None
    if_version: int | None = None
    exists: bool | None = None
    refusal: tuple[str, str] | None = None


class Operations(BaseModel):
    """The operations of a job; `atomic`: either all of them are applied or none."""

    atomic: bool = False
    items: Sequence[Operation]


class Result(StrEnum):
    """The result of an operation."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Outcome(BaseModel):
    """The outcome of one element of a request, as returned by `/v1/jobs/{id}/outcomes`."""

    position: int = Field(description="0-based position of the element in the request")
    kind: Kind
    id: str | None = Field(description="the record's id, if known")
    outcome: Result
    version: int | None = Field(None, description="the record's version afterwards; null if it was refused")
    code: str | None = Field(None, description="why it was refused, as a code", examples=["wrong_type"])
    reason: str | None = Field(
        None, description="why it was refused", examples=["tender/value/amount: expected a number, got 'a lot'"]
    )
    path: str | None = Field(
        None,
        description="JSON Pointer (RFC 6901) to the invalid value in the record",
        examples=["/tender/value/amount"],
    )


def write_operations(operations: Operations, mark: str) -> Iterator[bytes]:
    """The lines of a job's file; `mark` makes equal requests different files, so that each can be erased separately.

    JSONEncodeError (a TypeError) for a payload that is nested too deeply.
    """
    yield orjson.dumps({"format": FORMAT, "atomic": operations.atomic, "mark": mark}) + b"\n"
    for operation in operations.items:
        yield (
            dumps({name: value for name in Operation.model_fields if (value := getattr(operation, name)) is not None})
            + b"\n"
        )


def line_of(position: int) -> int:
    """The 1-based line of an operation in the file."""
    return position + 2


def read_operations(lines: Iterable[bytes]) -> Operations:
    """The operations of a job's file. ValueError if it is no such file."""
    rest = iter(lines)
    head = orjson.loads(next(rest, b"null"))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError("the file holds no operations")
    return Operations(atomic=head["atomic"], items=[Operation.model_validate(loads(line)) for line in rest])
