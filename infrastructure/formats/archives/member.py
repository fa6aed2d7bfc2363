"""A member of an archive, and the reasons to refuse one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

CHUNK_BYTES = 1 << 20
NAME_MAX_CHARACTERS = 500
UNPRINTED = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
DRIVE = re.compile(r"^[A-Za-z]:")
FILE_MANAGER_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}  # left by file managers; without data


class DamagedMemberError(Exception):
    """Raised if a member or the rest of the archive can't be read."""


class Members(Protocol):
    """An open archive. `members` yields its members from position `start` on."""

    def members(self, start: int) -> Iterator["Member"]: ...


@dataclass(frozen=True)
class Member:
    """`at` is the member's position, where a later walk finds it; `packed` returns the number of packed bytes read so
    far;

    `chunks` returns the unpacked content; `refusal` is the reason not to read it; `passed` marks folders and
    files of file managers, which hold no data.
    """

    at: int
    name: str
    packed: Callable[[], int]
    chunks: Callable[[], Iterator[bytes]]
    refusal: str | None = None
    passed: bool = False


def shown(name: str) -> str:
    """Return the name without control characters and surrogates, shortened."""
    return UNPRINTED.sub("\ufffd", name)[:NAME_MAX_CHARACTERS]


def why_unsafe(name: str) -> str | None:
    """Return why a name is unsafe to use as a path; None for a safe one."""
    if not name.strip():
        return "it has no name"
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts:
        return "its name leads out of the archive"
    if name.startswith(("/", "\\")) or DRIVE.match(name):
        return "its name is an absolute path"
    return None


def is_file_manager_file(name: str) -> bool:
    """Whether a file manager made the file; such files hold no data."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or (bool(parts) and parts[-1] in FILE_MANAGER_FILES)
