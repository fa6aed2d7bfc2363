"""Stored files by content hash, under `<data>/files`: written to a temporary file, fsynced, then moved into place.

Equal contents are one file. A stored file is never changed.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from infrastructure.system.disk_space import check_free_space, disk_full_as_error
from infrastructure.system.durable_files import sync

STALE_SECONDS = 3600.0  # without a write, after which a temporary file of an ended process is removed
COPY_BYTES = 1024 * 1024


class FileStore:
    """The stored files of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"

    def path(self, sha256: str) -> Path:
        """Path of the file with this hash, whether it exists or not."""
        return self.root / sha256[:2] / sha256

    def check_free_space(self) -> None:
        """NoSpaceError if free disk space is below the reserve."""
        check_free_space(self.root)

    def receive(self) -> "IncomingFileWriter":
        """Open a writer for a new file. NoSpaceError if the disk is full."""
        self.check_free_space()
        with disk_full_as_error():
            self.incoming.mkdir(parents=True, exist_ok=True)
            return IncomingFileWriter(self, self.incoming / secrets.token_hex(16))

    def copy(self, source: Path) -> tuple[str, int]:
        """Store a copy of a local file: (SHA-256 in hexadecimal, size in bytes)."""
        with source.open("rb") as file:
            return self.store(iter(lambda: file.read(COPY_BYTES), b""))

    def store(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Store a file: (SHA-256 in hexadecimal, size in bytes). NoSpaceError if the disk is full."""
        receiver = self.receive()
        try:
            for chunk in chunks:
                receiver.write(chunk)
            return receiver.finish()
        finally:
            receiver.abort()

    def remove(self, sha256: str) -> bool:
        """Remove the file permanently; returns whether it existed."""
        path = self.path(sha256)
        if not path.exists():
            return False
        path.unlink(missing_ok=True)
        sync(path.parent)
        return True

    def clean(self) -> None:
        """Remove temporary files of interrupted uploads."""
        for path in self.incoming.glob("*"):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)


class IncomingFileWriter:
    """A file being received. `abort` is safe at any time and has no effect after `finish`."""

    def __init__(self, store: FileStore, temporary: Path) -> None:
        self.store = store
        self.temporary = temporary
        self.size = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO = temporary.open("xb", buffering=0)

    def write(self, chunk: bytes) -> None:
        """Append bytes. NoSpaceError if the disk is full."""
        with disk_full_as_error():
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]
        self._hash.update(chunk)
        self.size += len(chunk)

    def finish(self) -> tuple[str, int]:
        """Fsync the file and move it into place: (SHA-256 in hexadecimal, size in bytes)."""
        sha256 = self._hash.hexdigest()
        target = self.store.path(sha256)
        with disk_full_as_error():
            os.fsync(self._file.fileno())
            self._file.close()
            target.parent.mkdir(parents=True, exist_ok=True)
            self.temporary.replace(target)
            for folder in (target.parent, self.store.root):
                sync(folder)
        return sha256, self.size

    def abort(self) -> None:
        """Discard the received bytes."""
        self._file.close()
        self.temporary.unlink(missing_ok=True)
