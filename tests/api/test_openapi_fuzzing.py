"""Fuzzes every operation in every role, with valid and invalid requests: no 5xx, no undocumented response, no reader's
write.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Api, started
from tests.api.releases import package

ROLES = ("admin", "wendy", "rita", "nobody")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Operations with other methods than GET that a reader may call; they change nothing.
HARMLESS = {"/v1/auth/token"}
# Saved searches belong to the reader; a feed is authorised by the token in its URL.
OWN, TOKENED = "/v1/searches", "/feed"
EXAMPLES = int(os.environ.get("TENDERLAKE_TEST_REQUESTS", "3"))  # requests per route and role


@pytest.fixture(scope="module")
def installation(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An installation with some data, which the requests may change."""
    with started(fresh, tmp_path_factory.mktemp("any") / "data") as made:
        made.client.post("/v1/uploads", files={"file": ("three.json", package())})
        made.work()
        yield made


@pytest.fixture(scope="module")
def description(installation: Api) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", installation.client.app)


@pytest.fixture(scope="module")
def headers(installation: Api) -> dict[str, dict[str, str]]:
    """The authentication headers of each role."""
    made: dict[str, dict[str, str]] = {"nobody": {}}
    for name in ROLES[:3]:
        answer = installation.stranger.post("/v1/auth/token", data={"username": name, "password": f"{name}!"})
        made[name] = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return made


def test_the_events_of_a_job_are_as_described(
    description: Any, headers: dict[str, dict[str, str]], installation: Api
) -> None:
    (job,) = installation.client.get("/v1/jobs", params={"filename": "three.json"}).json()["items"]
    operation = description["/v1/jobs/{job_id}/events"]["GET"]
    case = operation.Case(path_parameters={"job_id": job["id"]}, headers=headers["rita"])
    answer = case.call()
    assert (answer.status_code, b"event: job" in answer.content) == (200, True)
    case.validate_response(answer, checks=CHECKS)


def test_what_nothing_stands_under_is_a_404_that_is_described(
    description: Any, headers: dict[str, dict[str, str]], installation: Api
) -> None:
    for collection in ("processes", "organizations", "documents"):
        case = description["/v1/search"]["GET"].Case(
            query={"similar_to": "unknown", "collection": collection}, headers=headers["rita"]
        )
        answer = case.call()
        assert answer.status_code == 404
        case.validate_response(answer, checks=CHECKS)
    asked = 0
    for found in description.get_all_operations():
        operation = found.ok()
        names = [one.name for one in operation.path_parameters]
        if not names or operation.method.upper() not in {"GET", "DELETE"} or names == ["kind"]:
            continue
        fixed = {"kind": "releases", "version": 1, "delivery_id": 1}
        case = operation.Case(
            path_parameters={name: fixed.get(name, "unknown") for name in names},
            query={"token": "x"} if "/feed" in operation.path else {},
        )
        case.headers = headers["admin"]
        answer = case.call()
        assert answer.status_code == 404, operation.label
        case.validate_response(answer, checks=CHECKS)
        asked += 1
    assert asked > 12


@pytest.mark.parametrize("role", ROLES)
def test_any_request_is_answered_as_described(
    role: str, description: Any, headers: dict[str, dict[str, str]], installation: Api
) -> None:
    asked = 0
    for found in description.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):
            continue  # event streams do not end; they have tests of their own
        # A token would end with the first request; tests/api/test_auth.py has the tests with tokens.
        _ask(operation, role, {} if operation.label == "DELETE /v1/auth/token" else headers[role], installation)
        asked += 1
    assert asked > 20


def _ask(operation: Any, role: str, headers: dict[str, str], installation: Api) -> None:
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        if (
            role == "nobody"
            and operation.path.startswith("/v1")
            and operation.path not in HARMLESS
            and not operation.path.endswith(TOKENED)
        ):
            assert answer.status_code in {400, 401, 405, 406}, (
                f"{case.method} {case.path} answered a stranger {answer.status_code}: {answer.request.url}"
            )
        writes = (
            case.method not in {"GET", "HEAD", "OPTIONS"}
            and operation.path not in HARMLESS
            and not operation.path.startswith(OWN)
        )
        if role == "rita" and writes:
            assert answer.status_code >= 400, f"{case.method} {case.path} let a reader write"
        installation.messages.sent.clear()

    check()
