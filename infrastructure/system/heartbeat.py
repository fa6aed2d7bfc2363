"""A file that a process touches while it lives, for health checks (cli/health.py reads it)."""

import threading
import time
from pathlib import Path

INTERVAL_SECONDS = 5.0


def start_heartbeat(file: Path | None) -> None:
    """Touch the file now and every few seconds, in a daemon thread; without a file, do nothing. OSError if it can't be
    written."""
    if file is not None:
        file.touch()
        threading.Thread(target=_beat, args=(file,), name="heartbeat", daemon=True).start()


def _beat(file: Path) -> None:
    while True:
        time.sleep(INTERVAL_SECONDS)
        file.touch()
