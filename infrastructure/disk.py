"""The word for a full disk, said the same way by everything that writes files."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import NoSpaceError

FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def full_disk() -> Iterator[None]:
    """Turn the system's word for a full disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoSpaceError("the disk that holds the data folder is full; free some space and send the file again") from error
        raise
