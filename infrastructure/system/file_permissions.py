"""The data folder is for its owner alone: folders 0700, files 0600, also those that libraries make."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUP_AND_OTHERS_MODE = 0o077  # the rights of group and others
FOLDER_MODE, FILE_MODE = 0o700, 0o600


def set_private_umask() -> None:
    """Give others no rights to what this process and its children make from now on."""
    os.umask(GROUP_AND_OTHERS_MODE)


def open_to_others(folder: Path) -> Iterator[Path]:
    """The folder, and what lies below it, where group or others have any right. Links are not followed."""
    for path in _below(folder):
        with suppress(FileNotFoundError):  # removed meanwhile
            mode = path.lstat().st_mode
            if mode & GROUP_AND_OTHERS_MODE and not stat.S_ISLNK(mode):
                yield path


def restrict_permissions(folder: Path) -> int:
    """Take the rights of group and others away; how many files and folders had any.

    What belongs to another user stays as it is.
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
