"""Errors as problem documents (RFC 9457): the one table from our errors to HTTP, and the answer for everything unforeseen."""

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
RETRY_AFTER_SECONDS = 2  # where the error does not say how long
RESERVED_MEMBERS = {"type", "title", "status", "detail", "instance"}  # members of every problem, which an error's details don't overwrite
SHOWN_CHARACTERS = 200  # characters of a wrong value that are said back
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
    errors.DamagedError: 500,
    errors.RetryableError: 503,
    errors.NoSpaceError: 507,
}
CHALLENGES = {"WWW-Authenticate": 'Basic realm="tenderlake", charset="UTF-8", Bearer realm="tenderlake"'}


class Wrong(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="where it stands: query, path, body or header, then the name", examples=["query.limit"])
    reason: str = Field(examples=["Input should be less than or equal to 1000"])
    got: Any = Field(None, description="what was sent", examples=["5000"])


class Problem(BaseModel):
    """What went wrong, in the same shape for every error (RFC 9457). Further members depend on the error."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("about:blank", description="a URI for the kind of problem")
    title: str = Field(description="the kind of problem in words", examples=["The request can't be used"])
    status: int = Field(description="the HTTP status", examples=[400])
    detail: str = Field(description="what exactly is wrong, and what to do", examples=["there is no field amuont to filter by"])
    instance: str | None = Field(None, description="the path asked for", examples=["/v1/gold/facts/award"])
    errors: list[Wrong] | None = Field(None, description="each wrong value, where there are several")
    allowed: list[str] | None = Field(None, description="the names that would be understood")
    retry_after: int | None = Field(None, description="seconds after which to try again, as the header Retry-After says", examples=[2])


def problem(path: str, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, /, **more: Any) -> Response:
    """A problem document as a response."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": path, **more}
    content = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, status, media_type=PROBLEM_MEDIA_TYPE, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(errors.TenderlakeError, _ours)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(DataError, _value)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


def status_of(error: errors.TenderlakeError) -> int:
    """The status of an error: that of its nearest class in the table."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def unexpected_error(path: str, error: Exception) -> Response:
    """Answer for an error that nobody foresaw: logged under an id that the caller gets, and nothing else of it."""
    reference = secrets.token_hex(8)
    logger.opt(exception=error).error("unforeseen error {} at {}", reference, path)
    return problem(path, 500, "Internal error", f"something went wrong that we did not foresee; the log tells more under {reference}", reference=reference)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TenderlakeError)  # noqa: S101  the handler is registered for this class alone
    status = status_of(error)
    more = {name: value for name, value in error.details.items() if name not in RESERVED_MEMBERS}
    headers = {401: CHALLENGES, 408: {"Connection": "close"}}.get(status, {})
    if status == 503:
        more["retry_after"] = max(1, ceil(more.get("retry_after", RETRY_AFTER_SECONDS)))
        headers = {"Retry-After": str(more["retry_after"])}
    if status >= 500:
        logger.log(errors.level_of(error), "{} {}: {}", status, request.url.path, error.detail)
    detail = errors.without_paths(error.detail) if status >= 500 else error.detail  # the log tells where it is
    return problem(request.url.path, status, error.title, detail, headers, **more)


def _database(request: Request, error: Exception) -> Response:
    if "full" in str(getattr(error, "orig", "")):  # of the message alone: the statement's values are the caller's words
        return _ours(request, errors.NoSpaceError("the disk that holds the warehouse is full; free some space and try again"))
    logger.opt(exception=error).warning("the warehouse does not answer")
    return _ours(request, errors.UnavailableError("the warehouse does not answer at the moment; try again"))


def _value(request: Request, error: Exception) -> Response:
    """A value that the database can't hold: what is asked for stands nowhere, and what is sent can't be kept."""
    said = str(getattr(error, "orig", "")).partition("\n")[0]
    return _ours(request, errors.InvalidError(f"the warehouse can't take one of these values: {said}"))


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  the handler is registered for this class alone
    found = [{"where": ".".join(str(part) for part in one["loc"]), "reason": one["msg"], "got": _shown(one.get("input"))} for one in error.errors()]
    detail = "; ".join(f"{one['where']}: {one['reason']}" for one in found[:5])
    return problem(request.url.path, 422, errors.InvalidError.title, detail, errors=found)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  the handler is registered for this class alone
    phrase = HTTPStatus(error.status_code).phrase
    slash = "; leave out the slash at its end" if request.url.path.endswith("/") else ""
    told = {404: f"nothing stands at this path{slash}; see /openapi.json", 405: f"{request.method} is not possible here"}
    detail = told.get(error.status_code, str(error.detail)) if error.detail == phrase else str(error.detail)
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"  # see api/middleware/head_requests.py
    return problem(request.url.path, error.status_code, phrase, detail, headers)


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:SHOWN_CHARACTERS].encode("utf-8", "replace").decode()
