"""Prefer: wait, and the events of a job, over a real server."""

import asyncio
import threading
from contextlib import aclosing
from typing import Any

import httpx
import orjson
import pytest
from fastapi.sse import ServerSentEvent

from api.job_watcher import JobWatcher
from api.v1.job_events import RECONNECT_MS, job_events
from services.jobs import queries as intake
from tests.api.jobs.conftest import Live, until

PREFER = {"Prefer": "wait=20"}


def read(response: httpx.Response) -> list[dict[str, Any]]:
    return [orjson.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line.startswith("data: ")]


def test_a_caller_that_waits_gets_the_finished_job(live: Live) -> None:
    live.queue.go.set()
    answer = live.upload(headers=PREFER)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["counts"]["accepted"]) == ("succeeded", 4)
    assert [stage["status"] for stage in answer.json()["stages"][:4]] == ["done"] * 4
    assert answer.headers["preference-applied"] == "wait=20"
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert "retry-after" not in answer.headers
    assert live.client.get("/v1/search").json()["found"] == 4


def test_a_caller_that_waits_is_told_of_a_failure_too(live: Live) -> None:
    live.queue.go.set()
    answer = live.upload(b"{broken", headers=PREFER)
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


def test_a_job_that_does_not_end_in_time_is_answered_as_accepted(live: Live) -> None:
    answer = live.upload(headers={"Prefer": "respond-async, wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert answer.headers["preference-applied"] == "wait=1"
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("prefer", ["wait=0", "wait", "wait=x", "wait=-1", "await=9", "return=minimal"])
def test_what_is_no_wait_is_not_waited_for(live: Live, prefer: str) -> None:
    answer = live.upload(headers={"Prefer": prefer})
    assert answer.status_code == 202
    assert answer.headers.get("preference-applied") == ("wait=0" if prefer == "wait=0" else None)


def test_nobody_waits_longer_than_a_minute(live: Live) -> None:
    live.queue.go.set()
    assert live.upload(headers={"Prefer": 'foo; wait="600"'}).headers["preference-applied"] == "wait=60"


def test_seeds_and_retries_are_waited_for(live: Live) -> None:
    live.queue.go.set()
    seeds = live.client.post("/v1/seed", headers={"Prefer": "wait=60"}, timeout=70)
    assert seeds.status_code == 200
    assert {one["status"] for one in seeds.json()["items"]} == {"succeeded"}
    failed = live.upload(b"{broken", headers=PREFER).json()["id"]
    again = live.client.post(f"/v1/jobs/{failed}/retry", headers=PREFER)
    assert (again.status_code, again.json()["status"], again.json()["retry_of"]) == (200, "failed", failed)


def test_events_tell_of_every_change_up_to_the_end(live: Live) -> None:
    job_id = live.upload().json()["id"]
    with live.client.stream("GET", f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "7"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        first = next(orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
        assert first["status"] == "accepted"
        live.queue.go.set()
        rest = [orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert rest[-1] == live.job(job_id)
    assert rest[-1]["status"] == "succeeded"
    assert all(one != other for one, other in zip([first, *rest], rest, strict=False)), "nothing is told twice"


def test_events_of_a_job_that_ended_are_one_and_the_end(live: Live) -> None:
    live.queue.go.set()
    job_id = live.upload(headers=PREFER).json()["id"]
    with live.client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        assert [one["status"] for one in read(response)] == ["succeeded"]


def test_events_of_a_cancelled_job_end(live: Live) -> None:
    job_id = live.upload().json()["id"]
    with live.client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        live.client.delete(f"/v1/jobs/{job_id}")
        assert read(response)[-1]["status"] == "cancelled"


def test_events_of_no_job_and_for_nobody_are_refused(live: Live) -> None:
    assert live.client.get("/v1/jobs/none/events").status_code == 404
    assert httpx.get(f"{live.url}/v1/jobs/none/events").status_code == 401


def test_many_who_wait_hold_no_threads_and_share_one_look_at_the_database(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    glance = intake.poll_changes

    def counting(warehouse: Any, job_ids: Any, seen: Any) -> Any:
        looks.append(len(job_ids))
        return glance(warehouse, job_ids, seen)

    monkeypatch.setattr("api.job_watcher.poll_changes", counting)
    ids = [live.upload(name=f"{number}.jsonl").json()["id"] for number in range(3)]
    live.client.get("/v1/jobs")
    before = threading.active_count()

    async def follow() -> list[list[dict[str, Any]]]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=live.url, auth=("admin", "admin!"), timeout=60, limits=limits) as client:
            begun = asyncio.Semaphore(0)

            async def one(job_id: str) -> list[dict[str, Any]]:
                found = []
                async with client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
                    async for line in response.aiter_lines():
                        if line.startswith("data: "):
                            found.append(orjson.loads(line.removeprefix("data: ")))
                            if len(found) == 1:
                                begun.release()
                return found

            tasks = [asyncio.create_task(one(ids[number % 3])) for number in range(150)]
            for _ in tasks:
                await begun.acquire()
            assert threading.active_count() <= before + 45, "only the pool's threads"
            answer = await client.get("/v1/jobs")  # a thread is left for other requests
            assert answer.status_code == 200
            live.queue.go.set()
            return await asyncio.gather(*tasks)

    told = asyncio.run(follow())
    assert {found[-1]["status"] for found in told} == {"succeeded"}
    assert max(looks) == 3, "one look for all three jobs"


def test_a_client_that_goes_away_leaves_nothing_behind_and_nobody_looks_any_more(live: Live) -> None:
    job_id = live.upload().json()["id"]
    with live.client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        events = response.iter_lines()  # kept, as an iterator that is garbage-collected closes its connection
        next(line for line in events if line.startswith("data: "))
        following: JobWatcher = live.container.job_watcher
        assert list(following._slots) == [job_id]
    until(lambda: not following._slots and (following._loop is None or following._loop.done()))


def test_a_database_that_is_away_does_not_end_the_stream(live: Live) -> None:
    job_id = live.upload().json()["id"]

    class Moody:
        """A warehouse that is unreachable for the first polls."""

        def __init__(self) -> None:
            self.away = 2

        def read(self) -> Any:
            if self.away:
                self.away -= 1
                raise OSError("away")
            return live.parts.warehouse.read()

    async def first() -> ServerSentEvent:
        async with aclosing(job_events(JobWatcher(Moody()), job_id)) as events:  # type: ignore[arg-type]
            return await anext(events)

    event = asyncio.run(first())
    assert (event.event, event.id, event.retry) == ("job", "1", RECONNECT_MS)
    assert orjson.loads(event.raw_data or "")["id"] == job_id


def test_comments_keep_a_quiet_stream_open(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.1)
    job_id = live.upload().json()["id"]
    with live.client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith("id: ")) == "id: 1"
        assert next(line for line in lines if line.startswith(":"))
        live.queue.go.set()
        assert [orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")][-1][
            "status"
        ] == "succeeded"
