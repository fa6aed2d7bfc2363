"""The children that read PDFs: started when first needed, used for many files, ended when a file harms them or their time is up."""

import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import orjson

from infrastructure.pdf.worker_process import DONE
from infrastructure.system.child_processes import kill_group

ROOT = Path(__file__).parents[2]
MODULE = "infrastructure.pdf.worker_process"
PASSED_ENVIRONMENT = (
    "PATH",
    "PYTHON",
    "LANG",
    "LC_",
    "HOME",
    "TMPDIR",
    "TESSDATA",
    "LD_",
    "VIRTUAL_ENV",
)  # of the environment: no secret goes near a stranger's file
MAX_POOL_FACTOR = 4  # times as many children where several threads read at once: a file that takes minutes leaves room for others
MAX_FILES_PER_PROCESS = 500  # that one child reads at most: what a library leaks goes with it


class PdfWorkerProcess:
    """One child process. Its pipes are its only ties: it ends when they close, and the kernel ends it with this process."""

    def __init__(self, memory: int) -> None:
        known = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ENVIRONMENT)}
        path = os.pathsep.join([str(ROOT), *filter(None, [known.get("PYTHONPATH")])])
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with  # it outlives this call
            [sys.executable, "-m", MODULE, str(os.getpid()), str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=known | {"PYTHONPATH": path},
            process_group=0,
        )
        self.requests = cast(IO[bytes], self.process.stdin)
        self.answers = cast(IO[bytes], self.process.stdout)
        self.files = 0
        self.end = weakref.finalize(self, _end, self.process, os.getpid())  # also where the pool is forgotten

    def ask(self, request: dict[str, object]) -> None:
        """Hand it a request. BrokenPipeError where it has ended."""
        self.files += 1
        self.requests.write(orjson.dumps(request) + b"\n")
        self.requests.flush()

    def fileno(self) -> int:
        """Where its answers come from."""
        return self.answers.fileno()

    def answered(self) -> bool:
        """Whether it did what it was asked to, once there is something to read: not so where it ended."""
        return os.read(self.fileno(), len(DONE)) == DONE


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Kill it and all that it started; not so in a fork of the process that it belongs to."""
    if os.getpid() != owner:
        return
    kill_group(process)
    process.wait()
    cast(IO[bytes], process.stdout).close()
    with suppress(BrokenPipeError):  # what it did not read any more
        cast(IO[bytes], process.stdin).close()


class PdfWorkerPool:
    """As many children at once as there is work for, up to `size` for each thread that uses it; for all of them together, up to MOST times as many."""

    def __init__(self, size: int, memory: int) -> None:
        self.size = size
        self.memory = memory
        self.idle: list[PdfWorkerProcess] = []
        self.owner = os.getpid()
        self.places = threading.BoundedSemaphore(MAX_POOL_FACTOR * size)

    def run(self, requests: Iterator[tuple[str, dict[str, object]]], timeout: float) -> Iterator[tuple[str, str]]:
        """(name, how it ended) of each request as it ends: `done`, `died`, or `timeout` after that many seconds."""
        busy: dict[PdfWorkerProcess, tuple[str, float]] = {}
        selector = selectors.DefaultSelector()
        try:
            while True:
                while len(busy) < self.size and self.places.acquire(blocking=not busy):  # pylint: disable=consider-using-with
                    following = next(requests, None)
                    if following is None:
                        self.places.release()
                        break
                    child = self._start(following[1])
                    selector.register(child, selectors.EVENT_READ)
                    busy[child] = (following[0], time.monotonic() + timeout)
                if not busy:
                    return
                yield from self._ended(selector, busy)
        finally:
            for child in busy:
                child.end()
                self.places.release()
            selector.close()

    def close(self) -> None:
        """End the children."""
        for child in self._mine():
            child.end()
        self.idle.clear()

    def _mine(self) -> list[PdfWorkerProcess]:
        """The idle children, none of which a fork of this process inherited."""
        if self.owner != os.getpid():
            self.idle, self.owner = [], os.getpid()
        return self.idle

    def _start(self, request: dict[str, object]) -> PdfWorkerProcess:
        idle = self._mine()
        while idle:
            try:
                child = idle.pop()
                child.ask(request)
            except IndexError:  # another thread took the last one
                break
            except BrokenPipeError:
                child.end()
            else:
                return child
        child = PdfWorkerProcess(self.memory)
        child.ask(request)
        return child

    def _ended(self, selector: selectors.BaseSelector, busy: dict[PdfWorkerProcess, tuple[str, float]]) -> Iterator[tuple[str, str]]:
        wait = max(0.0, min(deadline for _, deadline in busy.values()) - time.monotonic())
        for key, _ in selector.select(wait):
            child = cast(PdfWorkerProcess, key.fileobj)
            selector.unregister(child)
            name, _deadline = busy.pop(child)
            self.places.release()
            good = child.answered()
            if good and child.files < MAX_FILES_PER_PROCESS:
                self.idle.append(child)
            else:
                child.end()
            yield name, "done" if good else "died"
        for child in [one for one, (_, deadline) in busy.items() if deadline <= time.monotonic()]:
            selector.unregister(child)
            name, _deadline = busy.pop(child)
            self.places.release()
            child.end()
            yield name, "timeout"
