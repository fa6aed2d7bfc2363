"""Lock that allows one running tenderlake per data folder.

It is an flock that every child process inherits. If the launcher is killed, it stays locked until the last child has
exited, so that no old worker, redis-server or API runs beside a new start.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

from domain.shared.errors import StartupError

LOCK_WAIT_SECONDS = 10.0  # for the children of a killed launcher to exit


class DataFolderLock:
    """The lock on `folder`, acquired by the constructor.

    StartupError if another tenderlake holds it; OSError if the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self.descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + LOCK_WAIT_SECONDS
        while not self._taken():
            holder = os.pread(self.descriptor, 20, 0).decode(errors="replace").strip()
            if _runs(holder) or time.monotonic() > end:
                os.close(self.descriptor)
                raise StartupError(
                    f"{folder} is in use by another tenderlake (process {holder or 'unknown'}): stop that one, or set "
                    "TENDERLAKE_DATA_DIR"
                )
            time.sleep(0.02)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Release the lock; children that still run keep it."""
        with suppress(OSError):
            os.close(self.descriptor)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _runs(holder: str) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return psutil.Process(int(holder)).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except (ValueError, psutil.Error):
        return False
