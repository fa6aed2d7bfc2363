"""kill -9 of worker, redis-server, API or launcher at random moments during uploads: nothing is lost or duplicated."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from script.installation import ROOT, Stack
from seeds.generate import lines

VICTIMS = ("workers.main", "redis-server", "cli.serve", "launcher")  # cli.serve is the API
FRESH = 4  # rounds per data folder, so that verify stays fast


@contextmanager
def stack(tmp_path: Path) -> Iterator[Stack]:
    tmp_path.mkdir(parents=True, exist_ok=True)
    with Stack(tmp_path) as running:
        yield running


def victim(running: Stack, kind: str, rng: random.Random) -> psutil.Process:
    assert running.process is not None
    if kind == "launcher":
        return psutil.Process(running.process.pid)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = []
        for pid in running.tree()[1:]:
            try:
                process = psutil.Process(pid)
                if any(kind in part for part in process.cmdline()[:4]):
                    found.append(process)
            except psutil.Error:
                continue
        if found:
            return rng.choice(found)
        time.sleep(0.05)
    raise AssertionError(f"no {kind} to kill")


def upload(running: Stack, name: str, body: bytes) -> str:
    """The job of an accepted upload; failed requests are repeated, as a client would."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return running.upload(name, body)
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the upload was never accepted")


def patiently(running: Stack, job_id: str) -> dict[str, object]:
    end = time.monotonic() + 180
    found: dict[str, object] = {}
    while time.monotonic() < end:
        try:
            found = running.job(job_id)
            if found["status"] in {"succeeded", "failed", "cancelled"}:
                return found
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the job did not end: {found}\n{(running.data / 'stack.log').read_text()[-3000:]}")


def verified(running: Stack) -> None:
    found = subprocess.run(
        [ROOT / ".venv/bin/tenderlake", "verify"], env=running.env, capture_output=True, text=True, cwd=running.data
    )
    assert found.returncode == 0, found.stdout + found.stderr


def one_round(running: Stack, number: int, count: int, kind: str, rng: random.Random) -> None:
    body = b"".join(line + b"\n" for line in lines(count, seed=1_000 + number))
    before = running.query("select count(*) from record")[0][0]
    job_id = upload(running, f"round-{number}.jsonl", body)
    time.sleep(rng.uniform(0.05, 3.0))
    process = victim(running, kind, rng)
    os.kill(process.pid, signal.SIGKILL)
    if kind == "launcher":
        assert running.process is not None
        running.process.wait()
        running.start()
    job = patiently(running, job_id)
    assert job["status"] == "succeeded", job
    counts = job["counts"]
    assert isinstance(counts, dict)
    assert counts["accepted"] + counts["unchanged"] + counts["quarantined"] == counts["received"] == count
    assert running.query("select count(*) from record")[0][0] - before == count, "a record was lost or doubled"


@pytest.mark.timeout(600)
def test_two_kills_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(time.time_ns())
    with stack(tmp_path) as running:
        for number, kind in enumerate(rng.sample(VICTIMS, 2)):
            one_round(running, number, 2_000, kind, rng)
        verified(running)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    seed = time.time_ns()
    rng = random.Random(seed)
    for start in range(0, 20, FRESH):
        with stack(tmp_path / str(start)) as running:
            for number in range(start, start + FRESH):
                kind = VICTIMS[number % len(VICTIMS)]
                print(f"round {number + 1}: {kind} (seed {seed})", flush=True)
                one_round(running, number, 5_000, kind, rng)
                verified(running)
