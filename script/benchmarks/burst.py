"""A burst of single records: the accept rate, and the time until all are searchable after the last one."""

import statistics
import threading
import time
from collections.abc import Callable

import httpx
import orjson

from script.installation import Stack
from seeds.generate import lines

CLIENTS = 16
Row = Callable[..., None]


def run(stack: Stack, count: int, row: Row) -> None:
    """Post `count` releases, one per request, by CLIENTS clients; print the accept rate, its p99 and the time until all
    are searchable."""
    mark = f"burst{int(time.time())}"
    bodies = [_marked(line, mark) for line in lines(count, seed=321)]
    wanted = len({orjson.loads(body)["ocid"] for body in bodies})
    times: list[float] = []
    shares = [bodies[number::CLIENTS] for number in range(CLIENTS)]
    threads = [threading.Thread(target=_post, args=(stack, share, times)) for share in shares]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = time.monotonic()
    _await(stack, mark, wanted)
    behind = time.monotonic() - accepted
    p99 = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
    row(f"{count} single POSTs by {CLIENTS} clients, accepted", f"{count / (accepted - started):.0f} per second")
    row("– p99 of the 202", f"{p99:.3f} s (median {statistics.median(times):.3f} s)")
    row("– all searchable after the last 202", f"{behind:.1f} s", "≤ 3 s", met=behind <= 3)


def _marked(line: bytes, mark: str) -> bytes:
    release = orjson.loads(line)
    release.setdefault("tender", {"id": "1"})["title"] = f"{mark} {release.get('tender', {}).get('title', '')}"
    return orjson.dumps(release)


def _post(stack: Stack, bodies: list[bytes], times: list[float]) -> None:
    with httpx.Client(base_url=stack.client.base_url, headers=_token(stack), timeout=60) as client:
        for body in bodies:
            started = time.monotonic()
            client.post(
                "/v1/raw/releases", content=body, headers={"Content-Type": "application/json"}
            ).raise_for_status()
            times.append(time.monotonic() - started)


def _token(stack: Stack) -> dict[str, str]:
    answer = stack.client.post("/v1/auth/token").raise_for_status().json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def _await(stack: Stack, word: str, wanted: int, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = (
            stack.client.get("/v1/search", params={"q": word, "mode": "keyword", "per_page": 1})
            .raise_for_status()
            .json()["found"]
        )
        if found >= wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"{found} of {wanted} processes are found")
