"""Child processes that read PDFs: started on demand, reused, killed when a file crashes or exceeds its time."""

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
# Of the environment: no secret reaches the process that reads foreign files.
PASSED_ENVIRONMENT = ("PATH", "PYTHON", "LANG", "LC_", "HOME", "TMPDIR", "TESSDATA", "LD_", "VIRTUAL_ENV")
MAX_POOL_FACTOR = 4  # several threads may use this many times the pool size, so that slow files leave room for others
MAX_FILES_PER_PROCESS = 500  # per child process, against memory leaks of the library


class PdfWorkerProcess:
    """A child process, connected by pipes. It ends when they close, and the kernel kills it when this process ends."""

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
        self.end = weakref.finalize(self, _end, self.process, os.getpid())  # also when the pool is garbage collected

    def ask(self, request: dict[str, object]) -> None:
        """Send a request. BrokenPipeError if the process has ended."""
        self.files += 1
        self.requests.write(orjson.dumps(request) + b"\n")
        self.requests.flush()

    def fileno(self) -> int:
        """File descriptor of the answers, for `select`."""
        return self.answers.fileno()

    def answered(self) -> bool:
        """Whether the request was completed, once the pipe is readable; False if the process has ended."""
        return os.read(self.fileno(), len(DONE)) == DONE


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Kill the process and its children; does nothing in a fork of the owning process."""
    if os.getpid() != owner:
        return
    kill_group(process)
    process.wait()
    cast(IO[bytes], process.stdout).close()
    with suppress(BrokenPipeError):  # it has unread requests
        cast(IO[bytes], process.stdin).close()


class PdfWorkerPool:
    """Runs up to `size` child processes per calling thread, and up to MAX_POOL_FACTOR * `size` for all threads."""

    def __init__(self, size: int, memory: int) -> None:
        self.size = size
        self.memory = memory
        self.idle: list[PdfWorkerProcess] = []
        self.owner = os.getpid()
        self.slots = threading.BoundedSemaphore(MAX_POOL_FACTOR * size)

    def run(self, requests: Iterator[tuple[str, dict[str, object]]], timeout: float) -> Iterator[tuple[str, str]]:
        """Yield (name, outcome) of each request as it ends: `done`, `died`, or `timeout` after `timeout` seconds."""
        busy: dict[PdfWorkerProcess, tuple[str, float]] = {}
        selector = selectors.DefaultSelector()
        try:
            while True:
                while len(busy) < self.size and self.slots.acquire(  # pylint: disable=consider-using-with
                    blocking=not busy
                ):
                    following = next(requests, None)
                    if following is None:
                        self.slots.release()
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
                self.slots.release()
            selector.close()

    def close(self) -> None:
        """End the child processes."""
        for child in self._mine():
            child.end()
        self.idle.clear()

    def _mine(self) -> list[PdfWorkerProcess]:
        """The idle children of this process; a fork inherits none."""
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

    def _ended(
        self, selector: selectors.BaseSelector, busy: dict[PdfWorkerProcess, tuple[str, float]]
    ) -> Iterator[tuple[str, str]]:
        wait = max(0.0, min(deadline for _, deadline in busy.values()) - time.monotonic())
        for key, _ in selector.select(wait):
            child = cast(PdfWorkerProcess, key.fileobj)
            selector.unregister(child)
            name, _deadline = busy.pop(child)
            self.slots.release()
            good = child.answered()
            if good and child.files < MAX_FILES_PER_PROCESS:
                self.idle.append(child)
            else:
                child.end()
            yield name, "done" if good else "died"
        for child in [child for child, (_, deadline) in busy.items() if deadline <= time.monotonic()]:
            selector.unregister(child)
            name, _deadline = busy.pop(child)
            self.slots.release()
            child.end()
            yield name, "timeout"
