"""Responses with an entity tag, and 304 for a client that has this version already (RFC 9110)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from domain.raw_records.entity_tags import matches
from domain.shared.errors import InvalidError

KnownVersion = Annotated[
    str | None, Header(alias="If-None-Match", description="the version (ETag) that the client has already")
]


def tagged(answer: Callable[[], Response], tag: str, have: str | None) -> Response:
    """The response with its ETag; 304 if the header If-None-Match (`have`) lists it. InvalidError if malformed."""
    try:
        same = have is not None and matches(have, tag, weak=True)
    except ValueError as error:
        raise InvalidError(str(error), parameter="If-None-Match") from error
    response = Response(status_code=304) if same else answer()
    response.headers["ETag"] = tag
    return response
