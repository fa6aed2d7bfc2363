"""Raw files by content hash under `<data>/files`: received into a temporary file, synced, then moved into place.

The same content twice is one file. A file in place is never changed.
"""

import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import BinaryIO

from infrastructure.system.disk_space import check_free_space, disk_full_as_error

STALE_SECONDS = 3600.0  # seconds without a byte after which what an ended process was receiving is removed
COPY_BYTES = 1024 * 1024


class FileStore:
    """The raw files of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"

    def path(self, sha256: str) -> Path:
        """Where the file of that content lies, whether it does or not."""
        return self.root / sha256[:2] / sha256

    def check_free_space(self) -> None:
        """NoSpaceError where the disk is so full that nothing more should be begun."""
        check_free_space(self.root)

    def receive(self) -> "IncomingFileWriter":
        """A file to be filled. NoSpaceError where the disk is full."""
        self.check_free_space()
        with disk_full_as_error():
            self.incoming.mkdir(parents=True, exist_ok=True)
            return IncomingFileWriter(self, self.incoming / secrets.token_hex(16))

    def copy(self, source: Path) -> tuple[str, int]:
        """Take in a file from disk: (sha256 in hexadecimal, size in bytes)."""
        receiver = self.receive()
        try:
            with source.open("rb") as file:
                while part := file.read(COPY_BYTES):
                    receiver.write(part)
            return receiver.finish()
        finally:
            receiver.abort()

    def remove(self, sha256: str) -> bool:
        """Remove the file for good; whether there was one."""
        path = self.path(sha256)
        if not path.exists():
            return False
        path.unlink(missing_ok=True)
        _sync(path.parent)
        return True

    def clean(self) -> None:
        """Remove what interrupted uploads left behind."""
        for path in self.incoming.glob("*"):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)


class IncomingFileWriter:
    """A file on its way in. `abort` is safe at any time and changes nothing after `finish`."""

    def __init__(self, store: FileStore, temporary: Path) -> None:
        self.store = store
        self.temporary = temporary
        self.size = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO = temporary.open("xb", buffering=0)

    def write(self, part: bytes) -> None:
        """Append bytes. NoSpaceError where the disk is full."""
        with disk_full_as_error():
            view = memoryview(part)
            while view:
                view = view[self._file.write(view) :]
        self._hash.update(part)
        self.size += len(part)

    def finish(self) -> tuple[str, int]:
        """Make the file durable and put it in place: (sha256 in hexadecimal, size in bytes)."""
        sha256 = self._hash.hexdigest()
        target = self.store.path(sha256)
        with disk_full_as_error():
            os.fsync(self._file.fileno())
            self._file.close()
            target.parent.mkdir(parents=True, exist_ok=True)
            self.temporary.replace(target)
            for folder in (target.parent, self.store.root):
                _sync(folder)
        return sha256, self.size

    def abort(self) -> None:
        """Forget what came in so far."""
        self._file.close()
        self.temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
