"""Ids of requests, in answers and log lines."""

from collections.abc import Iterator

import pytest
from loguru import logger

from domain.shared.log_context import log_ids
from tests.api.conftest import Api
from tests.api.releases import package


@pytest.fixture
def logged() -> Iterator[list[tuple[str, str, dict[str, object]]]]:
    """(level, message, ids) of each line."""
    found: list[tuple[str, str, dict[str, object]]] = []

    def keep(message: "object") -> None:
        record = message.record  # type: ignore[attr-defined]
        found.append((record["level"].name, record["message"], dict(log_ids())))

    handler = logger.add(keep, format="{message}", level="INFO")
    yield found
    logger.remove(handler)


@pytest.mark.parametrize("given", ["r-1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x" * 128])
def test_the_callers_id_is_answered(api: Api, given: str) -> None:
    assert api.client.get("/v1/jobs", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", 'say "hi"', "a\tb"])
def test_an_unusable_id_is_replaced(api: Api, given: str) -> None:
    made = [api.client.get("/v1/jobs", headers={"X-Request-ID": given}).headers["x-request-id"] for _ in range(2)]
    assert all(len(one) == 16 and one.isalnum() for one in made)
    assert made[0] != made[1]


def test_errors_have_an_id_too(api: Api) -> None:
    for path in ("/v1/jobs/none", "/none", "/v1/jobs/%00", "/docs/static/none"):
        assert api.stranger.get(path, headers={"X-Request-ID": "r-2"}).headers["x-request-id"] == "r-2", path


def test_lines_of_a_change_carry_the_id_of_its_request_and_reading_logs_nothing(
    api: Api, logged: list[tuple[str, str, dict[str, object]]]
) -> None:
    headers = {"X-Request-ID": "r-3"}
    posted = api.client.post("/v1/uploads", files={"file": ("three.json", package())}, headers=headers)
    api.client.get("/v1/jobs")
    job = posted.json()["id"]
    assert [(level, ids) for level, _, ids in logged] == [
        ("INFO", {"request_id": "r-3", "job_id": job}),
        ("INFO", {"request_id": "r-3"}),
    ]
    assert logged[0][1] == f"job {job} is accepted: upload three.json"
    assert logged[1][1].startswith("POST /v1/uploads 202 in ")
    logged.clear()
    api.work_one()
    assert [ids["job_id"] for _, message, ids in logged if message.startswith("landed batch")] == [job]
