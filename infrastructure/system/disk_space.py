"""The word for a full disk, said the same way by everything that writes files."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.shared.errors import NoSpaceError

DISK_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
MIN_FREE_BYTES = 24 * 1024**2  # bytes free below which nothing more is begun: what runs needs room to end in
DISK_FULL = "the disk that holds the data folder is full; free some space and send the file again"


def check_free_space(folder: Path) -> None:
    """NoSpaceError where less than LEAST is free on the folder's disk."""
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
        raise NoSpaceError(DISK_FULL)


@contextmanager
def disk_full_as_error() -> Iterator[None]:
    """Turn the system's word for a full disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise NoSpaceError(DISK_FULL) from error
        raise
