"""Operations on raw records: what a job of type `raw` is made of, one JSON line each, behind a line that says how they belong together. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel, Field

from domain.raw_records.record import Kind
from domain.shared.exact_json import dumps, loads

FORMAT = "tenderlake operations 1"


class Op(StrEnum):
    """What is done to a record."""

    PUT = "put"
    PATCH = "patch"
    DELETE = "delete"
    PURGE = "purge"


class Operation(BaseModel):
    """One change. A put without an id goes by the id in its payload; `if_version` and `exists` must hold when it is landed.

    `refusal` (code, reason): the element of the request can't be read as a change; it is kept for its outcome alone.
    """

    op: Op
    kind: Kind
    id: str | None = None
    payload: Any = None
    if_version: int | None = None
    exists: bool | None = None
    refusal: tuple[str, str] | None = None


class Operations(BaseModel):
    """The operations of a job; with `atomic` all of them are done or none."""

    atomic: bool = False
    items: Sequence[Operation]


class Result(StrEnum):
    """What became of an operation."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Outcome(BaseModel):
    """What became of one element of a request, as `/v1/jobs/{id}/outcomes` answers it."""

    position: int = Field(description="0-based place of the element in the request")
    kind: Kind
    id: str | None = Field(description="the record's id, where it is known")
    outcome: Result
    version: int | None = Field(None, description="the record's version afterwards; null for what was refused")
    code: str | None = Field(None, description="why it was refused, in a word", examples=["wrong_type"])
    reason: str | None = Field(None, description="why it was refused", examples=["tender/value/amount: expected a number, got 'a lot'"])
    path: str | None = Field(None, description="JSON Pointer (RFC 6901) into the record, of the value that is wrong", examples=["/tender/value/amount"])


def write_operations(operations: Operations, mark: str) -> Iterator[bytes]:
    """The lines of a job's file; the mark has two equal requests make two different files, so that each can be erased by itself.

    JSONEncodeError (a TypeError) for a payload that is nested too deep to be kept.
    """
    yield orjson.dumps({"format": FORMAT, "atomic": operations.atomic, "mark": mark}) + b"\n"
    for one in operations.items:
        yield dumps({name: value for name in Operation.model_fields if (value := getattr(one, name)) is not None}) + b"\n"


def line_of(position: int) -> int:
    """The line of an operation in the file, 1-based."""
    return position + 2


def read_operations(lines: Iterable[bytes]) -> Operations:
    """The operations of a job's file. ValueError where it is none."""
    rest = iter(lines)
    head = orjson.loads(next(rest, b"null"))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError("the file holds no operations")
    return Operations(atomic=head["atomic"], items=[Operation.model_validate(loads(line)) for line in rest])
