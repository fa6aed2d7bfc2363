"""A running installation that is watched while it is attacked: memory of all its processes, bytes of its data folder, and other people's jobs."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from script.installation import Memory, Stack
from seeds.generate import lines

HONEST = 200  # releases of a job that runs at the same time


class Disk(threading.Thread):
    """The most bytes that a folder took, looked at five times a second."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.peak, self.ended = folder, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.peak = max(self.peak, taken(self.folder))

    def __enter__(self) -> "Disk":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


@dataclass
class Outcome:
    """How an attack ended. `memory` and `disk` are bytes above what the installation took before it, at the worst moment; `peak` is all the memory."""

    job: dict[str, Any]
    peak: int
    errors: list[dict[str, Any]]
    memory: int
    disk: int

    @property
    def codes(self) -> list[str]:
        return [one["code"] for one in self.errors]


def taken(folder: Path) -> int:
    """The bytes on disk below a folder, of which files come and go."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_blocks * 512
        except OSError:
            continue
    return found


def attack(stack: Stack, name: str, body: bytes | Iterable[bytes], seconds: float = 300) -> Outcome:
    """Upload it between two honest jobs, which must succeed meanwhile, and see it to its end."""
    seed = time.time_ns() % 1_000_000
    with Memory(stack) as before:
        time.sleep(1.2)
    settled = taken(stack.data)
    with Memory(stack) as memory, Disk(stack.data) as disk:
        honest = [stack.upload("before.jsonl", feed(seed))]
        job_id = stack.upload(name, body)
        honest.append(stack.upload("after.jsonl", feed(seed + 1)))
        for one in honest:
            ended = stack.wait(one, seconds)
            assert (ended["status"], ended["counts"]["accepted"]) == ("succeeded", HONEST), ended
        job = stack.wait(job_id, seconds)
    assert left_in_spool(stack) == []
    errors = stack.client.get(f"/v1/jobs/{job_id}/errors").raise_for_status().json()["items"]
    found = Outcome(job, memory.peak, errors, memory.peak - before.peak, disk.peak - settled)
    took = f"{found.memory / 1e6:.0f} MB of memory (all in all {found.peak / 1e6:.0f}), {found.disk / 1e6:.0f} MB of disk"
    print(f"{name}: {job['status']}, {took}; {job['error'] and job['error']['detail']}; {[one['reason'] for one in errors][:3]}", flush=True)
    return found


def feed(seed: int) -> bytes:
    """An honest file."""
    return b"\n".join(lines(HONEST, seed=seed))


def left_in_spool(stack: Stack, seconds: float = 5) -> list[str]:
    """What is still in the spool folder shortly after a job's end."""
    end = time.monotonic() + seconds
    while (left := [path.name for path in (stack.data / "spool").glob("*")]) and time.monotonic() < end:
        time.sleep(0.1)
    return left
