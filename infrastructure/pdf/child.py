"""The child process that reads PDFs, one after the other: `python -m infrastructure.pdf.child PARENT_PID MEMORY_BYTES`.

It takes a request a line from its standard input and writes what it finds to the file named there, page by page, so that whatever ends it
costs no page before. It ends with its parent, and at the first thing it can't survive.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

from infrastructure.processes import PR_SET_PDEATHSIG

DONE = b"done\n"
ALWAYS = {"opened", "encrypted", "broken", "failed", "stopped", "end"}


def cpu_used() -> float:
    """Seconds of CPU that this process took so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def allow(seconds: float) -> None:
    """Be killed by the kernel once this many more seconds of CPU are used."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(cpu_used() + seconds), hard))


class Output:
    """The file of what was found: a tag, a page number and JSON a line, in one write each."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file = file
        self.room = room

    def write(self, tag: str, page: int, value: Any) -> bool:
        """Whether there was room for it; for the few words that say how the reading goes there always is."""
        line = b"%s %d %s\n" % (tag.encode(), page, _json(value))
        if len(line) > self.room and tag not in ALWAYS:
            return False
        self.room -= len(line)
        self.file.write(line)
        return True


def _json(value: Any) -> bytes:
    # Half of a surrogate pair, which a broken font can make, has no UTF-8.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def bind(parent: int, memory: int) -> None:
    """Die with the parent, keep to the memory, leave no core file."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(answers: BinaryIO, work: Callable[[dict[str, Any], Output], None]) -> None:
    """Do each request until the parent closes the pipe."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        with Path(request["out"]).open("ab", buffering=0) as file:
            work(request, Output(file, request["room"]))
        answers.write(DONE)


def main() -> None:
    """Keep the pipe to the parent to ourselves: libraries print to standard output."""
    bind(int(sys.argv[1]), int(sys.argv[2]))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    from infrastructure.pdf.extract import extract  # here, for it loads pymupdf, whose messages go to what is now silent

    serve(answers, extract)


if __name__ == "__main__":
    main()
