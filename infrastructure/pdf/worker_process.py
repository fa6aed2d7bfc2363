"""Child process that reads PDFs: `python -m infrastructure.pdf.worker_process PARENT_PID MEMORY_BYTES`.

It reads one request per line from standard input and writes results to the file that the request names, page by page,
so that a crash loses no page before. It ends with its parent.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from infrastructure.pdf.worker_output import Output
from infrastructure.system.child_processes import PR_SET_PDEATHSIG

DONE = b"done\n"


def bind(parent: int, memory: int) -> None:
    """End with the parent, limit the memory, write no core file."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(answers: BinaryIO, work: Callable[[dict[str, Any], Output], None]) -> None:
    """Run each request until the parent closes the pipe."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        with Path(request["out"]).open("ab", buffering=0) as file:
            work(request, Output(file, request["room"]))
        answers.write(DONE)


def main() -> None:
    """Serve requests. Standard output is redirected first, because libraries print to it."""
    bind(int(sys.argv[1]), int(sys.argv[2]))
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    # Imported here: it loads pymupdf, whose messages must not reach the pipe.
    from infrastructure.pdf.extraction import extract

    serve(answers, extract)


if __name__ == "__main__":
    main()
