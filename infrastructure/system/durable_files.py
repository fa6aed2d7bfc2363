"""Files that are whole after a crash: written beside their place, flushed to disk (fsync), then renamed."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from infrastructure.system.checkpoints import checkpoint


def write_atomically(
    path: Path, chunks: Iterable[bytes], *, durable: bool = True, replace: bool = True, mode: int = 0o666
) -> None:
    """Write a file that other processes see whole or not at all; nothing is left on failure.

    `durable=False` leaves out the flush, for what a crash may take; `replace=False` keeps a file that exists already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            for chunk in chunks:
                checkpoint()
                file.write(chunk)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        sync(path.parent)


def append_durably(path: Path, content: bytes) -> None:
    """Append to a file and flush it to disk."""
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
