"""kill -9 of the worker that indexes and embeds, amid its writes: words and vectors equal gold afterwards."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from script.installation import Stack
from seeds.generate import lines
from tests.system.crash.test_kill import patiently, upload, verified

INDEXER = "1"  # of two workers, the one that refines, indexes and embeds


def indexer(running: Stack) -> psutil.Process:
    """The worker that embeds; one that was just killed is awaited."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for pid in running.tree()[1:]:
            try:
                process = psutil.Process(pid)
                argv = process.cmdline()
                if (
                    "workers.main" in argv
                    and argv[argv.index("--index") + 1] == INDEXER
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    return process
            except (psutil.Error, ValueError, IndexError):
                continue
        time.sleep(0.02)
    raise AssertionError("no worker that embeds")


def size_of(running: Stack, pattern: str) -> int:
    """Bytes of the files that match below the search folder, of which some come and go."""
    total = 0
    for path in (running.data / "search").glob(pattern):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def grown(running: Stack, pattern: str, seconds: float = 90) -> bool:
    """Wait until these files have changed; whether they did."""
    before, end = size_of(running, pattern), time.monotonic() + seconds
    while time.monotonic() < end:
        if size_of(running, pattern) != before:
            return True
        time.sleep(0.001)
    return False


def embedded(running: Stack, seconds: float = 180) -> None:
    """Wait until every document that was indexed is embedded."""
    end = time.monotonic() + seconds
    marks: dict[str, int] = {}
    while time.monotonic() < end:
        marks = dict(running.query("select stage, silver_batch from watermark where part = ''"))
        if marks.get("embed") == marks.get("publish") == marks.get("index"):
            return
        time.sleep(0.2)
    raise AssertionError(f"the embedding did not end: {marks}\n{(running.data / 'stack.log').read_text()[-3000:]}")


def kill_when(running: Stack, moment: Callable[[], bool], rng: random.Random) -> bool:
    """Kill the worker shortly after the moment has come; False where it did not come."""
    if not moment():
        return False
    time.sleep(rng.choice([0.0, 0.002, 0.02, 0.3]))
    os.kill(indexer(running).pid, signal.SIGKILL)
    return True


def kill_in_the_middle(tmp_path: Path, releases: int, kills: int, rng: random.Random) -> None:
    with Stack(tmp_path, TENDERLAKE_WORKERS="2", TENDERLAKE_SWEEP_SECONDS="1") as running:
        body = b"\n".join(lines(releases, seed=rng.randrange(1_000_000)))
        job_id = upload(running, "feed.jsonl", body)
        assert kill_when(running, lambda: grown(running, "processes-*/*"), rng), "nothing was indexed"
        assert patiently(running, job_id)["status"] == "succeeded"
        done = sum(kill_when(running, lambda: grown(running, "vectors/*/*/*"), rng) for _ in range(kills))
        assert done == kills, f"it was embedded after {done} kills"
        embedded(running)
        found = running.client.get("/v1/search/status").json()["collections"]
        assert all((one["vectors"] or 0) == one["documents"] for one in found.values()), found
        verified(running)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_an_embedder_killed_again_and_again_loses_no_vector(tmp_path: Path) -> None:
    seed = time.time_ns()
    rng = random.Random(seed)
    for number in range(3):
        print(f"round {number + 1} (seed {seed})", flush=True)
        (tmp_path / str(number)).mkdir()
        kill_in_the_middle(tmp_path / str(number), 1_000, 5, rng)
