"""The word for a full disk, said the same way by everything that writes files."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import NoSpaceError

FULL = {errno.ENOSPC, errno.EDQUOT}
LEAST = 24 * 1024**2  # bytes free below which nothing more is begun: what runs needs room to end in
SAID = "the disk that holds the data folder is full; free some space and send the file again"


def check_room(folder: Path) -> None:
    """NoSpaceError where less than LEAST is free on the folder's disk."""
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < LEAST:
        raise NoSpaceError(SAID)


@contextmanager
def full_disk() -> Iterator[None]:
    """Turn the system's word for a full disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoSpaceError(SAID) from error
        raise
