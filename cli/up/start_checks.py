"""What must hold before anything is started; each failure is one line that says what to do."""

import errno
import os
import re
import shutil
import socket
from pathlib import Path

from domain.shared.errors import StartupError

MIN_FREE_BYTES = 100 * 1024**2  # bytes; with less, the first upload would end half-way
BACKLOG = 1024
ODD = re.compile(r"[\[\]^|\\\x00-\x1f]|%[0-9A-Fa-f]{2}")  # what delta-rs takes for something else in a path


def data_folder(path: Path) -> Path:
    """The data folder as an absolute path, made where it is missing."""
    folder = path.resolve()
    if odd := ODD.search(str(folder)):
        raise StartupError(f"the lake can't lie under {folder}, for the {odd[0]!r} in its path: set TENDERLAKE_DATA_DIR to a folder without such signs")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unwritable(folder, error) from error
    if room(folder) < MIN_FREE_BYTES:
        raise StartupError(f"{lacking(folder)}: make room for {MIN_FREE_BYTES // 1024**2} MB at least, or set TENDERLAKE_DATA_DIR to a folder on another disk")
    return folder


def unwritable(folder: Path, error: OSError) -> StartupError:
    """What to say where the folder can't be written."""
    return StartupError(f"the data folder {folder} can't be written ({error.strerror or error}): set TENDERLAKE_DATA_DIR to one that can")


def room(folder: Path) -> int:
    """Bytes free for us on the folder's disk."""
    return shutil.disk_usage(folder).free


def lacking(folder: Path) -> str:
    """The disk's state in words."""
    return f"the disk of {folder} is nearly full ({room(folder) / 1024**2:.0f} MB free)"


def listen(host: str, port: int) -> socket.socket:
    """The socket that the API will serve: bound before anything starts, so that a taken port costs nothing and callers wait out restarts."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
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
            raise StartupError(f"port {port} of {host} is taken by another program: stop that one, or set TENDERLAKE_PORT to a free port") from error
        raise StartupError(f"can't listen at port {port} of {host} ({error.strerror or error}): set TENDERLAKE_HOST or TENDERLAKE_PORT") from error
    return listener
