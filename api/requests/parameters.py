"""Shared by endpoints: routers, parameters, the check for unknown ones, links to the next page, JSON responses."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, BeforeValidator, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth import SCHEMES
from api.openapi import COMMON
from domain.shared.errors import InvalidError
from domain.shared.exact_json import dumps
from domain.star.queries import FieldKind, read_value

# A cursor holds the values that the page is sorted by, such as a title; a request line has at most 64 KiB.
CURSOR_MAX_CHARACTERS = 60_000
Cursor = Annotated[
    str | None,
    Query(
        description="where the page begins: the cursor in `next` of the previous page", max_length=CURSOR_MAX_CHARACTERS
    ),
]
SORT = "fields to sort by, separated by commas, each with a leading '-' for descending; missing values come last"
MOMENT = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2024-01-31", "2024-01-31T12:00:00Z"]})


def _moment(end: bool) -> BeforeValidator:
    def read(text: object) -> object:
        if not isinstance(text, str):
            return text
        try:
            return read_value(FieldKind.INSTANT, text, end=end)
        except ValueError as error:
            raise ValueError(f"must be {error}") from error

    return BeforeValidator(read)


From = Annotated[datetime, _moment(False), MOMENT]
Until = Annotated[datetime, _moment(True), MOMENT]


async def reject_unknown_parameters(request: Request) -> None:
    """InvalidError for an unknown parameter: a misspelt filter must not return unfiltered rows."""
    app = request.app
    document = app.openapi_schema or await run_in_threadpool(app.openapi)  # built at the first call, which is slow
    operation = document["paths"][request.scope["route"].path_format][request.method.lower()]
    allowed = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    for name in request.query_params:
        if name not in allowed:
            raise InvalidError(f"there is no parameter {name}", parameter=name, allowed=allowed)


def strict_router(prefix: str, tag: str | None = None) -> APIRouter:
    """A router whose routes take credentials and refuse unknown query parameters."""
    checks = [*SCHEMES, Depends(reject_unknown_parameters)]
    return APIRouter(prefix=prefix, tags=[tag] if tag else None, dependencies=checks, responses=COMMON)


def next_link(request: Request, cursor: str | None) -> str | None:
    """Path and query of the page that begins at `cursor`; None without a cursor."""
    if cursor is None:
        return None
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{quote(request.url.path)}?{urlencode([*parameters, ('cursor', cursor)])}"


def model_response(content: BaseModel) -> Response:
    """A JSON response of a model that we built: FastAPI would validate it again, in another thread."""
    return Response(content.__pydantic_serializer__.to_json(content), media_type="application/json")


def json_response(content: Any) -> Response:
    """A JSON response of plain values; instants in UTC with a Z."""
    return Response(dumps(content, orjson.OPT_UTC_Z), media_type="application/json")
