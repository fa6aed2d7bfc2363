"""What endpoints share: parameters that several of them take, the check for unknown ones, links to the next page, answers as JSON."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, BeforeValidator, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth import Reader
from domain.shared.errors import InvalidError
from domain.shared.exact_json import dumps
from domain.star.queries import FieldKind, read_value

CURSOR_MAX_CHARACTERS = 60_000  # a cursor holds the values that the page is sorted by, such as a title; a request line has 64 KiB at most
Cursor = Annotated[
    str | None, Query(description="where the page begins: taken from `next` of the page before, never made up", max_length=CURSOR_MAX_CHARACTERS)
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


async def reject_unknown_parameters(request: Request, _: Reader) -> None:
    """Refuse parameters that the endpoint does not have, once the caller is known: a misspelt filter must not select everything."""
    app = request.app
    document = app.openapi_schema or await run_in_threadpool(app.openapi)  # made at the first call, which takes its time
    operation = document["paths"][request.scope["route"].path_format][request.method.lower()]
    allowed = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    for name in request.query_params:
        if name not in allowed:
            raise InvalidError(f"there is no parameter {name}", parameter=name, allowed=allowed)


def next_link(request: Request, cursor: str | None) -> str | None:
    """The URL, from the root of the server, of the page behind `cursor`."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{quote(request.url.path)}?{urlencode([*kept, ('cursor', cursor)])}"


def model_response(content: BaseModel) -> Response:
    """A JSON answer of a model that we made ourselves: FastAPI would check it once more, in a thread of its own."""
    return Response(content.__pydantic_serializer__.to_json(content), media_type="application/json")


def json_response(content: Any) -> Response:
    """A JSON answer of plain values; instants in UTC with a Z."""
    return Response(dumps(content, orjson.OPT_UTC_Z), media_type="application/json")
