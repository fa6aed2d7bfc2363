"""Launchers over stand-in children, each with its own data folder, port and folder for temporary files."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

ROOT = Path(__file__).parents[3]


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until the condition is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def free_port() -> int:
    """A free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Running:
    """A launcher and its output."""

    process: subprocess.Popen[bytes]
    output: Path
    port: int

    @property
    def said(self) -> str:
        return self.output.read_text()

    def ready(self) -> "Running":
        until(lambda: "tenderlake runs at" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return self

    def children(self) -> list[psutil.Process]:
        """All its descendants."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process:
        """The child with that name, or that word in its command line."""
        with suppress(psutil.NoSuchProcess):
            for found in psutil.Process(self.process.pid).children():
                if word == found.name() or word in found.cmdline():
                    return found
        raise LookupError(word)

    def has(self, word: str) -> bool:
        """Whether such a child is running."""
        return self.replaced(word, 0)

    def replaced(self, word: str, pid: int) -> bool:
        """Whether such a child is running with another process id."""
        try:
            found = self.child(word)
            return found.pid != pid and found.status() != psutil.STATUS_ZOMBIE
        except (LookupError, psutil.NoSuchProcess):
            return False

    def get(self) -> int:
        """Call the API; the id of the process that answered."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
            return int(answer.read())

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(15)


Start = Callable[..., Running]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The launchers' folder for temporary files, with a short path."""
    with TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.fixture
def start(tmp_path: Path, temporary: Path) -> Iterator[Start]:
    """Starts launchers; by default all on the same folder and port."""
    port = free_port()
    started: list[Running] = []

    def make(**settings: object) -> Running:
        given = {"data_dir": tmp_path / "data", "port": port, "workers": 1, **settings}
        env = (
            os.environ
            | {f"TENDERLAKE_{name.upper()}": str(value) for name, value in given.items()}
            | {"TMPDIR": str(temporary)}
        )
        output = tmp_path / f"output-{len(started)}"
        with output.open("wb") as file:
            command = [sys.executable, "-m", "tests.cli.up.stand_in", "up"]
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=file, start_new_session=True)
        started.append(Running(process, output, int(str(given["port"]))))
        return started[-1]

    yield make
    for one in started:
        one.process.kill()
        one.process.wait()


def gone(processes: list[psutil.Process], seconds: float = 5.0) -> list[psutil.Process]:
    """The processes that still run after that time; zombies do not count."""
    left = psutil.wait_procs(processes, seconds)[1]
    return [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
