"""The error answers as OpenAPI shows them."""

import threading
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import PROBLEM_MEDIA_TYPE, Problem, Wrong

ANSWER = {"content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
WHY = {
    400: "The request can't be used; `detail` says why, and `allowed` what could have stood there",
    401: "Who is calling is not known",
    403: "The caller's role does not reach",
    404: "Nothing stands under this name",
    405: "The method is not possible here",
    408: "The body stopped in the middle for longer than the settings allow; nothing was kept",
    409: "The request contradicts the state of what it names",
    410: "What stood under this name was removed for good",
    412: "The record is at another version than If-Match or If-None-Match asks for; `current` is its tag",
    413: "Larger than the settings allow",
    415: "The body is of a type that can't be taken here",
    422: "Values of the wrong type or out of range; `errors` names each of them",
    500: "An unforeseen error; the log tells more under `reference`",
    503: "A part does not answer at the moment; try again after `Retry-After` seconds",
    507: "The disk is full; nothing was kept",
}

Answers = dict[int | str, dict[str, Any]]


def answers(*statuses: int) -> Answers:
    """The problem answers of an endpoint or router."""
    return {status: {"description": WHY[status], **ANSWER} for status in statuses}


COMMON = answers(400, 401, 403, 405, 422, 500, 503, 507)

MAKING = threading.Lock()


def describe(app: FastAPI) -> dict[str, Any]:
    """The application's OpenAPI document with the schema of problems in it; made once."""
    with MAKING:  # requests of several threads ask for it at once, and making it twice at a time fails
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes, tags=app.openapi_tags
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
    """Give every operation the first sentence of its description as its summary: a function's name says little."""
    for methods in document["paths"].values():
        for operation in methods.values():
            first = operation.get("description", "").strip().split("\n")[0].split(". ")[0].split(": ")[0]
            if first:
                operation["summary"] = first.rstrip(".:")
