"""One member of an archive, and why it may not be read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

CHUNK_BYTES = 1 << 20
NAME_MAX_CHARACTERS = 500  # characters
UNPRINTED = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
DRIVE = re.compile(r"^[A-Za-z]:")
FILE_MANAGER_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers leave in archives


class DamagedMemberError(Exception):
    """Raised where a member or the archive behind it can't be read on."""


class Members(Protocol):
    """An open archive."""

    def members(self, start: int) -> Iterator["Member"]: ...


@dataclass(frozen=True)
class Member:
    """`at` is where the archive's next walk finds it; `packed` the bytes there that were read for it so far; `refusal` says why it may not be read.

    `passed` are folders and what file managers leave: they hold no data.
    """

    at: int
    name: str
    packed: Callable[[], int]
    pieces: Callable[[], Iterator[bytes]]
    refusal: str | None = None
    passed: bool = False


def shown(name: str) -> str:
    """The name as it can be stored and printed anywhere."""
    return UNPRINTED.sub("\ufffd", name)[:NAME_MAX_CHARACTERS]


def why_unsafe(name: str) -> str | None:
    """Why a name is a trick; None where it is none."""
    if not name.strip():
        return "it has no name"
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts:
        return "its name leads out of the archive"
    if name.startswith(("/", "\\")) or DRIVE.match(name):
        return "its name is an absolute path"
    return None


def is_file_manager_file(name: str) -> bool:
    """Whether it is what a file manager left, which holds no data of anybody."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or (bool(parts) and parts[-1] in FILE_MANAGER_FILES)
