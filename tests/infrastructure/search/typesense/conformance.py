"""Checks requests and responses against the official API description, a subset of which is beside this file."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import yaml
from jsonschema import Draft4Validator

SUBSET = Path(__file__).with_name("openapi-subset.yml")
BEFORE_30 = Path(__file__).with_name("openapi-29-synonyms.yml")
# The description contradicts its examples: members of a hit's document need not be objects.
WRONG = {("SearchResultHit", "document")}
Json = dict[str, Any]


@cache
def description() -> Json:
    """The subset, without the constraints that are wrong."""
    found: Json = yaml.safe_load(SUBSET.read_text())
    found["paths"] |= yaml.safe_load(BEFORE_30.read_text())["paths"]
    found["components"]["schemas"]["CollectionUpdateSchema"].pop(
        "required"
    )  # metadata may be updated alone (core_api.cpp)
    for schema, name in WRONG:
        found["components"]["schemas"][schema]["properties"][name].pop("additionalProperties")
    return found


def operation(method: str, path: str) -> tuple[str, Json]:
    """(described path, operation). AssertionError for an unknown path or method."""
    for described, operations in description()["paths"].items():
        # The official client ends some paths with a slash
        wanted, given = described.split("/"), path.rstrip("/").split("/")
        if len(wanted) == len(given) and all(
            one == other or one.startswith("{") for one, other in zip(wanted, given, strict=True)
        ):
            assert method.lower() in operations, f"{method} {described} is not described"
            found: Json = operations[method.lower()]
            return described, found
    raise AssertionError(f"{method} {path} is not described")


def check_request(request: httpx.Request) -> None:
    """Check path, parameters and body of a request. AssertionError names what is not described."""
    path, found = operation(request.method, request.url.path)
    allowed = _parameters(found)
    for name, values in parse_qs(request.url.query.decode()).items():
        assert name in allowed, f"{request.method} {path} has no parameter {name}"
        _check(allowed[name], _typed(allowed[name], values[0]), f"{path} ?{name}")
    body = found.get("requestBody")
    if body is None:
        assert not request.content, f"{request.method} {path} takes no body"
        return
    media, schema = next(iter(body["content"].items()))
    if media == "application/json":
        given = json.loads(request.content)
        _check(schema["schema"], given, f"{request.method} {path}")
        _known(schema["schema"], given, f"{request.method} {path}")


def check_response(request: httpx.Request, status: int, body: Any) -> None:
    """Check a response; statuses above 401 that apply to every path (429, 503, …) need a message."""
    path, found = operation(request.method, request.url.path)
    described = found["responses"].get(str(status))
    if described is None:
        assert status in {400, 401, 404, 422, 429, 500, 503}, f"{request.method} {path} does not answer {status}"
        _check({"$ref": "#/components/schemas/ApiResponse"}, body, f"{path} {status}")
        return
    media, schema = next(iter(described["content"].items()))
    if media == "application/json":
        _check(schema["schema"], body, f"{request.method} {path} → {status}")


def _parameters(found: Json) -> dict[str, Json]:
    """The query parameters, including those that the description groups in an object."""
    allowed: dict[str, Json] = {}
    for one in found.get("parameters", []):
        if one["in"] == "query":
            schema = _resolved(one["schema"])
            allowed |= schema["properties"] if schema.get("type") == "object" else {one["name"]: schema}
    return allowed


def _resolved(schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = description()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def _typed(schema: Json, text: str) -> Any:
    kind = _resolved(schema).get("type")
    return json.loads(text) if kind in {"integer", "boolean", "number"} else text


def _check(schema: Json, value: Any, where: str) -> None:
    problems = [
        f"{where}: {'.'.join(map(str, one.absolute_path))}: {one.message}"
        for one in _validator(json.dumps(schema)).iter_errors(value)
    ]
    assert not problems, "\n".join(problems)[:2_000]


@cache
def _validator(schema: str) -> Draft4Validator:
    return Draft4Validator({**json.loads(schema), "components": description()["components"]})


def _known(schema: Json, value: Any, where: str) -> None:
    """Refuse members that are not described: the server would silently ignore a misspelt one."""
    if isinstance(value, list):
        for one in value:
            _known(_resolved(schema).get("items", {}), one, where)
    elif isinstance(value, dict) and (names := _members(schema)) is not None:
        for name, inner in value.items():
            assert name in names, f"{where}: there is no {name}"
            _known(names[name], inner, f"{where}.{name}")


def _members(schema: Json) -> dict[str, Json] | None:
    """The members of an object; None if any are allowed."""
    found = _resolved(schema)
    parts = [_members(one) or {} for one in found.get("allOf", [])]
    if "properties" not in found and not parts:
        return None
    names: dict[str, Json] = dict(found.get("properties", {}))
    for part in parts:
        names |= part
    if schema.get("$ref", "").endswith("/MultiSearchCollectionParameters"):  # it also has those of a single search
        names |= description()["components"]["schemas"]["SearchParameters"]["properties"]
    return names
