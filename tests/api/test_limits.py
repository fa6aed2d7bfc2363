"""Limits of requests, of unfinished jobs, and of time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from api.limits import OpenJobs, RequestRate
from domain.shared.errors import TooManyRequestsError
from tests.api.conftest import Api
from tests.api.releases import package


@contextmanager
def container_with(api: Api, **changes: object) -> Iterator[None]:
    """Change parts of the application's container in the context."""
    state = api.client.app.state  # type: ignore[attr-defined]
    before = state.container
    state.container = replace(before, **changes)
    try:
        yield
    finally:
        state.container = before


def test_a_bucket_holds_a_minutes_requests_and_is_filled_at_that_rate() -> None:
    now = 100.0
    rate = RequestRate(30, clock=lambda: now)
    for _ in range(30):
        rate.take("ann")
    with pytest.raises(TooManyRequestsError) as refused:
        rate.take("ann")
    assert refused.value.details["retry_after"] == pytest.approx(2.0)
    rate.take("bob")
    now += 2.0
    rate.take("ann")
    with pytest.raises(TooManyRequestsError):
        rate.take("ann")
    now += 1_000.0
    for _ in range(30):
        rate.take("ann")
    with pytest.raises(TooManyRequestsError):
        rate.take("ann")
    for _ in range(100):
        RequestRate(None).take("ann")


def test_full_buckets_are_dropped_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits.MAX_CALLERS", 3)
    now = 100.0
    rate = RequestRate(60, clock=lambda: now)
    for number in range(3):
        rate.take(f"caller {number}")
    for _ in range(30):
        rate.take("caller 0")
    now += 5.0
    rate.take("another")
    assert set(rate._buckets) == {"caller 0", "another"}


def test_a_caller_over_the_rate_gets_429_and_others_do_not(api: Api) -> None:
    with container_with(api, request_rate=RequestRate(2)):
        answers = [api.client.get("/v1/jobs") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
        assert api.stranger.get("/v1/jobs", auth=("rita", "rita!")).status_code == 200
        assert api.stranger.get("/health/live").status_code == 200


def test_too_many_unfinished_jobs_are_refused_until_some_have_ended(api: Api) -> None:
    now = 100.0
    with container_with(api, open_jobs=OpenJobs(api.parts.warehouse, 2, clock=lambda: now)):

        def send(number: int) -> int:
            files = {"file": (f"{number}.json", package())}
            return api.client.post("/v1/uploads", files=files).status_code

        assert [send(number) for number in range(3)] == [202, 202, 429]
        refused = api.client.put("/v1/raw/releases", json=[])
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert "TENDERLAKE_MAX_OPEN_JOBS" in refused.json()["detail"]
        assert api.client.get("/v1/jobs").status_code == 200
        export = api.client.get("/v1/gold/facts/award?format=csv", headers={"Prefer": "respond-async"})
        assert export.status_code == 429
        now += 2.0
        assert send(4) == 429
        api.work()
        now += 2.0
        assert send(5) == 202


def test_a_request_that_takes_too_long_gets_503_and_the_next_is_answered(api: Api) -> None:
    released = threading.Event()

    class SlowWarehouse:
        def read(self) -> None:
            released.wait(20)
            raise RuntimeError("its answer is discarded")

    settings = api.settings.model_copy(update={"request_seconds": 0.3})
    parts = replace(api.parts, warehouse=SlowWarehouse())  # type: ignore[arg-type]
    with container_with(api, settings=settings, parts=parts):
        threading.Timer(1.0, released.set).start()
        answer = api.client.get("/v1/jobs")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert "TENDERLAKE_REQUEST_SECONDS" in answer.json()["detail"]
        assert api.client.get("/health/live").status_code == 200


def test_every_operation_that_needs_a_caller_describes_429(full: Api) -> None:
    paths = full.client.get("/openapi.json").json()["paths"]
    without = [
        f"{method} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "401" in operation["responses"] and "429" not in operation["responses"]
    ]
    assert set(without) <= {
        "get /metrics",
        "post /v1/auth/token",
        "delete /v1/auth/token",
    }  # these have no caller, or check one
