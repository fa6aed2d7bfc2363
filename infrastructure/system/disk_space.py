"""Detects a full disk, with the same error for every writer."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.shared.errors import NoSpaceError

DISK_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
MIN_FREE_BYTES = 24 * 1024**2  # free space below which no work starts: running work needs room to finish
DISK_FULL = "the disk that holds the data folder is full; free some space and send the file again"


def check_free_space(folder: Path) -> None:
    """NoSpaceError if less than MIN_FREE_BYTES are free on the folder's disk."""
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        raise NoSpaceError(DISK_FULL)


@contextmanager
def disk_full_as_error() -> Iterator[None]:
    """Turn the operating system's error for a full disk into NoSpaceError."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise NoSpaceError(DISK_FULL) from error
        raise
