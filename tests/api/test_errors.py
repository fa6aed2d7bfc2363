"""Unexpected errors, and the guarantees of the OpenAPI document."""

from typing import Any

import pytest
from sqlalchemy.exc import DataError, OperationalError

from api.errors import status_of
from domain.shared import errors
from services.ports.warehouse import Warehouse
from tests.api.conftest import Api


def operations(api: Api) -> list[tuple[str, dict[str, Any]]]:
    paths = api.stranger.get("/openapi.json").json()["paths"]
    return [(f"{method} {path}", operation) for path, methods in paths.items() for method, operation in methods.items()]


def test_every_operation_is_described_with_its_errors(full: Api) -> None:
    for name, operation in operations(full):
        assert operation["description"], name
        assert operation["tags"], name
        for status in ("405", "500"):
            assert "application/problem+json" in operation["responses"][status]["content"], name
        # A feed is authorised by the token in its URL
        # Probes need no caller; a token is asked for with a password, and revoked by itself.
        if not name.startswith(
            ("get /health", "get /metrics", "post /v1/auth", "delete /v1/auth")
        ) and not name.endswith("/feed"):
            assert {tuple(one) for one in operation["security"]} == {("basic",), ("token",)}, name
            assert {"400", "401", "403", "422", "503"} <= set(operation["responses"]), name
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("enum"), (name, parameter)


def test_every_reference_of_the_document_leads_somewhere(full: Api) -> None:
    document = full.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                assert reference.removeprefix("#/components/schemas/") in schemas, reference
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


class BrokenError(Exception):
    """An unexpected error."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BrokenError("secret words"), 500),
        (OperationalError("select secret words", {}, Exception("database is locked")), 503),
        (OperationalError("insert", {}, Exception("database or disk is full")), 507),
        (OperationalError("select secret words", {"name": "full"}, Exception("Expression tree is too large")), 503),
        (DataError("select secret words", {}, Exception("integer out of range\nsecret words")), 400),
        (errors.LostRaceError("again"), 503),
        (errors.DamagedError("mend it: /srv/secret words/index is broken"), 500),
        (errors.DamagedError("the index '/srv/secret words/index' is broken"), 500),
        (errors.UnavailableError("connecting to /srv/secret/words.sock"), 503),
        (errors.NoSpaceError("no room on /srv/secret/words"), 507),
        (errors.UnavailableError("the service is left alone", retry_after=299.2), 503),
    ],
)
def test_an_unforeseen_error_says_nothing_of_its_inside(
    full: Api, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Warehouse:
        raise error

    monkeypatch.setattr("api.v1.jobs.list_jobs", fail)
    answer = full.client.get("/v1/jobs")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret words" not in answer.text
    assert "/srv" not in answer.text
    assert ("retry-after" in answer.headers) == ("retry_after" in answer.json()) == (status == 503)
    if status == 503:
        waited = 300 if "left alone" in str(error) else 2
        assert (answer.headers["retry-after"], answer.json()["retry_after"]) == (str(waited), waited)
    assert ("reference" in answer.json()) == isinstance(error, BrokenError)


def test_each_of_our_errors_has_its_status() -> None:
    assert status_of(errors.UnavailableError("x")) == 503
    assert status_of(errors.TenderlakeError("x")) == 500
    assert status_of(errors.InvalidError("x")) == 400


def test_a_method_that_is_not_possible_says_which_are(full: Api) -> None:
    answer = full.client.delete("/v1/jobs")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_repeats_the_host_of_the_request(full: Api, method: str) -> None:
    """A forged Host header must not redirect users to another site."""
    evil = {"Host": "evil.example"}
    paths = {
        path.replace("{kind}", "releases").replace("{fact}", "award")
        for path in full.client.get("/openapi.json").json()["paths"]
    }
    for path in sorted(paths | {"/docs", "/openapi.json", "/docs/static"}):
        for asked in (path, f"{path}/"):
            answer = full.stranger.request(method, asked, headers=evil, follow_redirects=False)
            assert not 300 <= answer.status_code < 400, (asked, answer.headers)
            assert "evil.example" not in f"{answer.headers}{answer.text}", asked
    slash = full.client.get("/v1/jobs/")
    assert (slash.status_code, "slash" in slash.json()["detail"]) == (404, True)
    lists = full.client.get("/v1/gold/processes?limit=1", headers=evil).json()
    assert lists["next"].startswith("/v1/gold/processes?")
