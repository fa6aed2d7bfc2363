"""The data folder is for its owner alone: folders 0700, files 0600, also those that libraries make."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

OTHERS = 0o077  # the rights of group and others
FOLDER, FILE = 0o700, 0o600


def keep_private() -> None:
    """Give others no rights to what this process and its children make from now on."""
    os.umask(OTHERS)


def open_to_others(folder: Path) -> Iterator[Path]:
    """The folder, and what lies below it, where group or others have any right. Links are not followed."""
    for path in _below(folder):
        with suppress(FileNotFoundError):  # removed meanwhile
            mode = path.lstat().st_mode
            if mode & OTHERS and not stat.S_ISLNK(mode):
                yield path


def tighten(folder: Path) -> int:
    """Take the rights of group and others away; how many files and folders had any.

    What belongs to another user stays as it is.
    """
    count = 0
    for path in open_to_others(folder):
        with suppress(FileNotFoundError, PermissionError):
            path.chmod(FOLDER if path.is_dir() else FILE)
            count += 1
    return count


def _below(folder: Path) -> Iterator[Path]:
    yield folder
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(root, name)
