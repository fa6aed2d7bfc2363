"""`tenderlake up`: the lock, the queue, the migrations, then the API and the workers, kept running until told to stop."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from loguru import logger

from cli.children import Child, python, stop
from domain.errors import StartupError
from infrastructure.logging import set_up
from infrastructure.queue.broker import client, forget
from infrastructure.queue.redis_server import RedisServer
from infrastructure.settings import Settings

LEAST_FREE = 256 * 1024**2
GRACE = 6.0  # seconds for the children; the queue's server gets two more


def up(settings: Settings) -> int:
    """Run everything in the foreground; the exit code. StartupError, one line, where it can't be started."""
    set_up("launcher", settings.log_level)
    folder = settings.data_dir.resolve()
    _check_folder(folder)
    with _locked(folder / "lock"):
        _check_port(settings.host, settings.port)
        ended = threading.Event()
        _on_signals(ended)
        server = None if settings.redis_url else RedisServer(folder / "queue")
        try:
            _run(settings, folder, server, ended)
        finally:
            if server is not None:
                server.stop()
    logger.info("stopped")
    return 0


def _run(settings: Settings, folder: Path, server: RedisServer | None, ended: threading.Event) -> None:
    env = os.environ | {"TENDERLAKE_DATA_DIR": str(folder)}
    if server is not None:
        server.start()
        _release_messages(server.url)
        env["TENDERLAKE_REDIS_URL"] = server.url
    if subprocess.run(python("cli.main", "migrate"), env=env, check=False).returncode:
        raise StartupError("the warehouse could not be brought up to date; the line above says why")
    if ended.is_set():
        return
    children = [Child("api", python("api.serve"), env)]
    children += [Child(f"worker-{i}", python("workers.main", "--index", str(i), "--of", str(settings.workers)), env) for i in range(settings.workers)]
    try:
        for child in children:
            child.start()
        _greet(settings, folder)
        _tend(server, children, ended)
    finally:
        stop(children, GRACE)


def _tend(server: RedisServer | None, children: list[Child], ended: threading.Event) -> None:
    while not ended.wait(0.1):
        if server is not None and server.process is not None and server.process.poll() is not None:
            logger.warning("the queue's redis-server ended with {}; starting it again", server.process.returncode)
            server.start()
        for child in children:
            child.tend()


def _release_messages(url: str) -> None:
    """Nobody of an earlier run lives: what its workers held is redelivered at once."""
    connection = client(url)
    forget(connection, "dramatiq:__heartbeats__")
    connection.close()


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lock").touch()
    except OSError as error:
        raise StartupError(f"the data folder {folder} can't be written ({error.strerror}); set TENDERLAKE_DATA_DIR to one that can") from error
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise StartupError(f"only {free // 1024**2} MB are free under {folder}; make room for {LEAST_FREE // 1024**2} MB at least")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = file.read().strip() or "unknown"
            raise StartupError(f"{path.parent} is in use by another tenderlake (process {holder}); stop that one, or set TENDERLAKE_DATA_DIR") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartupError(f"port {port} of {host} can't be used ({error.strerror}); set TENDERLAKE_PORT to another") from error


def _on_signals(ended: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _greet(settings: Settings, folder: Path) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    secret = folder / "admin-password"
    password = "the one of TENDERLAKE_ADMIN_PASSWORD" if settings.admin_password else f"in {secret}"
    logger.info("tenderlake runs at {} with {} workers; data in {}", url, settings.workers, folder)
    logger.info("user admin, password {}", password)
    logger.info("try: curl -u admin -X POST {}/v1/seed, then curl -u admin '{}/v1/search?q=road'; API description at {}/docs; Ctrl-C stops", url, url, url)
