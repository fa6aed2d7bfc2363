"""A redis-server that can be killed, and workers as processes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infrastructure.queue.redis_server import RedisServer
from infrastructure.system.child_processes import spawn
from tests.cli.up.conftest import ROOT, until

Work = Callable[..., subprocess.Popen[bytes]]


class Queue:
    """A redis-server that can be killed and restarted, and the notes of its workers in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = RedisServer(folder / "queue")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.server.prepare()
        self.process = spawn(self.server.argv())
        until(self.server.ready)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def noted(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path)
    made.start()
    yield made
    made.kill()
    made.server.clear()


@pytest.fixture
def work(queue: Queue) -> Iterator[Work]:
    started: list[subprocess.Popen[bytes]] = []

    def make(name: str, seconds: float = 0.0) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "tests.infrastructure.queue.queue_worker",
            queue.server.url,
            name,
            str(queue.folder),
            str(seconds),
        ]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield make
    for process in started:
        process.kill()
        process.wait()
