"""The subset of the API description equals the full one, and the checks based on it refuse wrong requests."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.infrastructure.search.typesense.conformance import SUBSET, check_request, check_response

WHOLE = os.environ.get("TENDERLAKE_TEST_TYPESENSE_OPENAPI")
PROSE = {"description", "summary", "tags", "example", "x-go-type", "externalDocs"}
NAMED = {"properties", "schemas", "paths"}  # of these, every key is a name


def bare(value: Any, *, names: bool = False) -> Any:
    """The description without its prose."""
    if isinstance(value, dict):
        return {key: bare(one, names=key in NAMED) for key, one in value.items() if names or key not in PROSE}
    return [bare(one) for one in value] if isinstance(value, list) else value


@pytest.mark.skipif(not WHOLE, reason="TENDERLAKE_TEST_TYPESENSE_OPENAPI names no file")
def test_the_subset_is_what_the_whole_description_says() -> None:
    whole = yaml.safe_load(Path(str(WHOLE)).read_text())
    subset = yaml.safe_load(SUBSET.read_text())
    for path, operations in subset["paths"].items():
        for method, operation in operations.items():
            assert operation == bare(whole["paths"][path][method]), f"{method} {path}"
    for name, schema in subset["components"]["schemas"].items():
        assert schema == bare(whole["components"]["schemas"][name]), name


def request(method: str, path: str, body: Any = None, **params: Any) -> httpx.Request:
    return httpx.Request(method, f"http://typesense{path}", json=body, params=params)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (request("GET", "/collection"), "not described"),
        (request("PATCH", "/collections"), "not described"),
        (request("GET", "/health", pretty="true"), "no parameter pretty"),
        (request("POST", "/collections", {"name": "x"}), "fields"),
        (
            request("POST", "/collections", {"name": "x", "fields": [{"name": "a", "type": "string", "facets": True}]}),
            "facets",
        ),
        (request("POST", "/multi_search", {"searches": [{"q": "x", "queryby": "title"}]}), "queryby"),
        (request("POST", "/multi_search", {"searches": [{"q": "x", "drop_tokens_mode": "both"}]}), "both"),
        (request("DELETE", "/collections/x/documents", filter_by="id:1", batch_size="many"), "Expecting value"),
        (request("POST", "/collections/x/documents/import", action="replace"), "replace"),
    ],
    ids=lambda one: str(one.url.path) if isinstance(one, httpx.Request) else one,
)
def test_a_request_that_the_description_does_not_know_is_refused(wrong: httpx.Request, hint: str) -> None:
    with pytest.raises((AssertionError, ValueError), match=hint):
        check_request(wrong)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"results": [{"hits": [{"text_match": "much"}]}]}),
        (200, {}),
        (418, {"message": "tea"}),
        (503, {"error": "no message"}),
    ],
)
def test_an_answer_that_the_description_does_not_know_is_refused(status: int, body: Any) -> None:
    with pytest.raises(AssertionError):
        check_response(request("POST", "/multi_search", {"searches": []}), status, body)
