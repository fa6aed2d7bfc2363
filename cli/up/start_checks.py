"""Checks before the launcher starts anything; each failure is one line that says what to do."""

import errno
import os
import re
import shutil
import socket
from pathlib import Path

from domain.shared.errors import StartupError

MIN_FREE_BYTES = 100 * 1024**2  # with less, the first upload would fill the disk
BACKLOG = 1024
UNSUPPORTED_IN_PATHS = re.compile(r"[\[\]^|\\\x00-\x1f]|%[0-9A-Fa-f]{2}")  # characters that delta-rs misreads in a path


def data_folder(path: Path) -> Path:
    """The data folder as an absolute path, created if missing. StartupError if it can't be used."""
    folder = path.resolve()
    if odd := UNSUPPORTED_IN_PATHS.search(str(folder)):
        raise StartupError(
            f"the data folder {folder} has {odd[0]!r} in its path, which the lake does not support: set "
            "TENDERLAKE_DATA_DIR to a folder without such characters"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(folder, error) from error
    if room(folder) < MIN_FREE_BYTES:
        raise StartupError(
            f"{lacking(folder)}: free at least {MIN_FREE_BYTES // 1024**2} MB, or set TENDERLAKE_DATA_DIR to a folder "
            "on another disk"
        )
    return folder


def unwritable(folder: Path, error: OSError) -> StartupError:
    """The error for a folder that can't be written."""
    return StartupError(
        f"the data folder {folder} can't be written ({error.strerror or error}): set TENDERLAKE_DATA_DIR to a writable "
        "one"
    )


def room(folder: Path) -> int:
    """Free bytes on the folder's disk."""
    return shutil.disk_usage(folder).free


def lacking(folder: Path) -> str:
    """The free space of the disk, for messages."""
    return f"the disk of {folder} is nearly full ({room(folder) / 1024**2:.0f} MB free)"


def listen(host: str, port: int) -> socket.socket:
    """The listening socket of the API. It is bound before anything starts, so that a port in use is found early, and
    kept over restarts of the API, so that clients wait instead of being refused.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"port {port} of {host} is in use by another program: stop it, or set TENDERLAKE_PORT to a free port"
            ) from error
        raise StartupError(
            f"can't listen at port {port} of {host} ({error.strerror or error}): set TENDERLAKE_HOST or TENDERLAKE_PORT"
        ) from error
    return listener
