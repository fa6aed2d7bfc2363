"""The OpenAPI document: problem responses, their schema, and summaries of the operations."""

import threading
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import PROBLEM_MEDIA_TYPE, Problem, Wrong

PROBLEM_CONTENT = {"content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
DESCRIPTIONS = {
    400: "The request is invalid; `detail` gives the reason, `allowed` the possible values",
    401: "The caller is not authenticated",
    403: "The caller's role does not permit this",
    404: "Nothing has this id or path",
    405: "The resource does not support this method",
    408: "The body stalled for longer than the settings allow; nothing was stored",
    409: "The request conflicts with the current state of the resource",
    410: "The resource was removed permanently",
    412: "The record is at another version than If-Match or If-None-Match requires; `current` is its entity tag",
    413: "Larger than the settings allow",
    415: "The media type of the body is not supported",
    422: "Values of the wrong type or out of range; `errors` lists them",
    429: "Too many requests of this caller, or too many unfinished jobs; try again after `Retry-After` seconds",
    500: "An unexpected error; the log has the details under `reference`",
    503: "A component does not answer; try again after `Retry-After` seconds",
    507: "The disk is full; nothing was stored",
}
Answers = dict[int | str, dict[str, Any]]


def answers(*statuses: int) -> Answers:
    """The problem responses of an endpoint or router, by status."""
    return {status: {"description": DESCRIPTIONS[status], **PROBLEM_CONTENT} for status in statuses}


COMMON = answers(400, 401, 403, 405, 422, 429, 500, 503, 507)
BUILD_LOCK = threading.Lock()


def describe(app: FastAPI) -> dict[str, Any]:
    """The application's OpenAPI document with the schema of problems; built once."""
    with BUILD_LOCK:  # FastAPI fails if two threads build it at the same time
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, Wrong):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schema.pop("$defs", None)
                schemas[model.__name__] = schema
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            _summarise(document)
            app.openapi_schema = document
    return app.openapi_schema


def _summarise(document: dict[str, Any]) -> None:
    """Set each operation's summary to the first sentence of its description, instead of the function's name."""
    for methods in document["paths"].values():
        for operation in methods.values():
            first = operation.get("description", "").strip().split("\n")[0].split(". ")[0].split(": ")[0]
            if first:
                operation["summary"] = first.rstrip(".:")
