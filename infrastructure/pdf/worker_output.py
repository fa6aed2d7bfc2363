"""What a child writes and how it keeps to its time, for the steps of reading a PDF."""

import json
import resource
from math import ceil
from typing import Any, BinaryIO

ALWAYS = {"opened", "encrypted", "broken", "failed", "stopped", "unfilled", "end"}


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
