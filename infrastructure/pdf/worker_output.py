"""Output of the child process that reads PDFs, and its CPU limits."""

import json
import resource
from math import ceil
from typing import Any, BinaryIO

UNLIMITED_TAGS = {"opened", "encrypted", "broken", "failed", "stopped", "unfilled", "end"}  # written without room too


def cpu_used() -> float:
    """Return the CPU seconds that this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def allow(seconds: float) -> None:
    """Set the CPU limit: the kernel kills this process after so many more CPU seconds."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(cpu_used() + seconds), hard))


class Output:
    """Writes results to a file, one line and one write each: tag, page and JSON. `room` is the limit in bytes."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file = file
        self.room = room

    def write(self, tag: str, page: int, value: Any) -> bool:
        """Write a line; return False if it exceeds the room. Status lines are always written."""
        line = b"%s %d %s\n" % (tag.encode(), page, _json(value))
        if len(line) > self.room and tag not in UNLIMITED_TAGS:
            return False
        self.room -= len(line)
        self.file.write(line)
        return True


def _json(value: Any) -> bytes:
    # Broken fonts can produce a lone surrogate, which UTF-8 can't encode.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
