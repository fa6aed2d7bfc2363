"""Monitors a running installation during an attack: memory of all processes, size of the data folder, and other
jobs.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from script.installation import Memory, Stack
from seeds.generate import lines

HONEST = 200  # releases of a regular job that runs at the same time


class Disk(threading.Thread):
    """The peak size of a folder, sampled five times per second."""

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
    """The result of an attack. `memory` and `disk` are the peaks above the state before, `peak` the total memory, in
    bytes.
    """

    job: dict[str, Any]
    peak: int
    errors: list[dict[str, Any]]
    memory: int
    disk: int

    @property
    def codes(self) -> list[str]:
        return [one["code"] for one in self.errors]


def taken(folder: Path) -> int:
    """The bytes of a folder whose files may disappear meanwhile."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_blocks * 512
        except OSError:
            continue
    return found


def attack(stack: Stack, name: str, body: bytes | Iterable[bytes], seconds: float = 300) -> Outcome:
    """Upload the file between two regular jobs, which must succeed, and wait for its end."""
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
    took = (
        f"{found.memory / 1e6:.0f} MB of memory (all in all {found.peak / 1e6:.0f}), {found.disk / 1e6:.0f} MB of disk"
    )
    print(
        f"{name}: {job['status']}, {took}; {job['error'] and job['error']['detail']}; "
        f"{[one['reason'] for one in errors][:3]}",
        flush=True,
    )
    return found


def feed(seed: int) -> bytes:
    """A regular file."""
    return b"\n".join(lines(HONEST, seed=seed))


def left_in_spool(stack: Stack, seconds: float = 5) -> list[str]:
    """The files left in the spool shortly after the end of a job."""
    end = time.monotonic() + seconds
    while (left := [path.name for path in (stack.data / "spool").glob("*")]) and time.monotonic() < end:
        time.sleep(0.1)
    return left
