"""Raw files by content hash."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class IncomingFile(Protocol):
    """A file on its way in; NoSpaceError where the disk is full."""

    @property
    def size(self) -> int: ...
    def write(self, part: bytes) -> None: ...
    def finish(self) -> tuple[str, int]:
        """Make it durable and put it in place: (sha256 in hexadecimal, size in bytes)."""

    def abort(self) -> None:
        """Forget it; changes nothing after `finish`."""


class StoredFiles(Protocol):
    """Raw files by content hash."""

    def path(self, sha256: str) -> Path: ...
    def receive(self) -> IncomingFile: ...
    def store(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Store a file: (sha256 in hexadecimal, size in bytes)."""

    def copy(self, source: Path) -> tuple[str, int]:
        """Take in a file from disk: (sha256 in hexadecimal, size in bytes)."""

    def check_free_space(self) -> None:
        """NoSpaceError where the disk is so full that nothing more should be begun."""

    def remove(self, sha256: str) -> bool:
        """Remove the file for good; whether there was one."""

    def clean(self) -> None:
        """Remove what interrupted uploads left behind."""
