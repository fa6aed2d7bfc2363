"""Answers with an entity tag, and 304 for a caller that has it already (RFC 9110)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from domain.raw_records.entity_tags import matches
from domain.shared.errors import InvalidError

KnownVersion = Annotated[str | None, Header(alias="If-None-Match", description="the version (ETag) that the caller has already")]


def tagged(answer: Callable[[], Response], tag: str, have: str | None) -> Response:
    """The answer with its tag; 304 without a body where `have`, the If-None-Match header, names the tag. InvalidError for what is no list of tags."""
    try:
        same = have is not None and matches(have, tag, weak=True)
    except ValueError as error:
        raise InvalidError(str(error), parameter="If-None-Match") from error
    response = Response(status_code=304) if same else answer()
    response.headers["ETag"] = tag
    return response
