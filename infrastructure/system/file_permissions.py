"""Restricts the data folder to its owner: folders 0700, files 0600, those made by libraries included."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUP_AND_OTHERS_MODE = 0o077
FOLDER_MODE, FILE_MODE = 0o700, 0o600


def set_private_umask() -> None:
    """Set the umask of this process and its children, so that new files are private."""
    os.umask(GROUP_AND_OTHERS_MODE)


def open_to_others(folder: Path) -> Iterator[Path]:
    """Yield the folder and its contents that group or others may access. Links are not followed."""
    for path in _below(folder):
        with suppress(FileNotFoundError):  # removed meanwhile
            mode = path.lstat().st_mode
            if mode & GROUP_AND_OTHERS_MODE and not stat.S_ISLNK(mode):
                yield path


def restrict_permissions(folder: Path) -> int:
    """Remove the permissions of group and others; return the number of changed files and folders.

    Files of another user stay unchanged.
    """
    count = 0
    for path in open_to_others(folder):
        with suppress(FileNotFoundError, PermissionError):
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
            count += 1
    return count


def _below(folder: Path) -> Iterator[Path]:
    yield folder
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(root, name)
