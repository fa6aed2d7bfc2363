"""Maps errors to HTTP responses: problem documents (RFC 9457) for errors of the domain, framework and database."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from loguru import logger
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain.shared import errors

PROBLEM_MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2  # for errors without `retry_after`
RESERVED_MEMBERS = {"type", "title", "status", "detail", "instance"}  # the details of an error don't overwrite these
SHOWN_CHARACTERS = 200  # longer invalid values are quoted up to here
STATUS: dict[type[errors.TenderlakeError], int] = {
    errors.InvalidError: 400,
    errors.UnauthorizedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.StalledError: 408,
    errors.ConflictError: 409,
    errors.GoneError: 410,
    errors.PreconditionError: 412,
    errors.TooLargeError: 413,
    errors.UnprocessableError: 422,
    errors.TooManyRequestsError: 429,
    errors.DamagedError: 500,
    errors.RetryableError: 503,
    errors.NoSpaceError: 507,
}
CHALLENGES = {"WWW-Authenticate": 'Basic realm="tenderlake", charset="UTF-8", Bearer realm="tenderlake"'}


class Wrong(BaseModel):
    """One invalid value of a request."""

    where: str = Field(
        description="where the value is: query, path, body or header, then its name", examples=["query.limit"]
    )
    reason: str = Field(examples=["Input should be less than or equal to 1000"])
    got: Any = Field(None, description="the value sent", examples=["5000"])


class Problem(BaseModel):
    """What went wrong, in the same shape for every error (RFC 9457). Further members depend on the error."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("about:blank", description="a URI for the kind of problem")
    title: str = Field(description="name of the kind of problem", examples=["The request can't be used"])
    status: int = Field(description="the HTTP status", examples=[400])
    detail: str = Field(
        description="what exactly is wrong, and what to do", examples=["there is no field amuont to filter by"]
    )
    instance: str | None = Field(None, description="path of the request", examples=["/v1/gold/facts/award"])
    errors: list[Wrong] | None = Field(None, description="the invalid values")
    allowed: list[str] | None = Field(None, description="the accepted names")
    retry_after: int | None = Field(
        None, description="seconds to wait before a retry, as in the header Retry-After", examples=[2]
    )


def problem(
    path: str, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, /, **more: Any
) -> Response:
    """A problem document as a response."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": path, **more}
    content = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, status, media_type=PROBLEM_MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Register the handlers that answer every error with a problem document."""
    app.add_exception_handler(errors.TenderlakeError, _ours)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(DataError, _value)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


def status_of(error: errors.TenderlakeError) -> int:
    """The HTTP status of the error's nearest class in `STATUS`; 500 if it has none."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def unexpected_error(path: str, error: Exception) -> Response:
    """The response to an unhandled exception: 500 and a reference, under which the log has the details."""
    reference = secrets.token_hex(8)
    logger.opt(exception=error).error("unhandled error {} at {}", reference, path)
    detail = f"an unexpected error occurred; the log has the details under {reference}"
    return problem(path, 500, "Internal error", detail, reference=reference)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TenderlakeError)  # noqa: S101  the handler is registered for this class alone
    status = status_of(error)
    more = {name: value for name, value in error.details.items() if name not in RESERVED_MEMBERS}
    headers = {401: CHALLENGES, 408: {"Connection": "close"}}.get(status, {})
    if status in {429, 503}:
        more["retry_after"] = max(1, ceil(more.get("retry_after", RETRY_AFTER_SECONDS)))
        headers = {"Retry-After": str(more["retry_after"])}
    if status >= 500:
        logger.log(errors.level_of(error), "{} {}: {}", status, request.url.path, error.detail)
    detail = errors.without_paths(error.detail) if status >= 500 else error.detail  # file paths appear in the log only
    return problem(request.url.path, status, error.title, detail, headers, **more)


def _database(request: Request, error: Exception) -> Response:
    if "full" in str(getattr(error, "orig", "")):  # not in the statement, whose values come from the caller
        return _ours(
            request, errors.NoSpaceError("the disk that holds the warehouse is full; free some space and try again")
        )
    logger.opt(exception=error).warning("the warehouse does not answer")
    return _ours(request, errors.UnavailableError("the warehouse does not answer at the moment; try again"))


def _value(request: Request, error: Exception) -> Response:
    """A value that the database can't represent, in a filter or in a record: an error of the caller."""
    reason = str(getattr(error, "orig", "")).partition("\n")[0]
    return _ours(request, errors.InvalidError(f"the warehouse can't store or compare one of these values: {reason}"))


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  the handler is registered for this class alone
    found = [
        {
            "where": ".".join(str(part) for part in entry["loc"]),
            "reason": entry["msg"],
            "got": _shown(entry.get("input")),
        }
        for entry in error.errors()
    ]
    detail = "; ".join(f"{entry['where']}: {entry['reason']}" for entry in found[:5])
    return problem(request.url.path, 422, errors.InvalidError.title, detail, errors=found)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  the handler is registered for this class alone
    phrase = HTTPStatus(error.status_code).phrase
    slash = "; leave out the slash at its end" if request.url.path.endswith("/") else ""
    reasons = {
        404: f"there is no endpoint at this path{slash}; see /openapi.json",
        405: f"the method {request.method} is not allowed here",
    }
    detail = reasons.get(error.status_code, str(error.detail)) if error.detail == phrase else str(error.detail)
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"  # see api/middleware/head_requests.py
    return problem(request.url.path, error.status_code, phrase, detail, headers)


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:SHOWN_CHARACTERS].encode("utf-8", "replace").decode()
