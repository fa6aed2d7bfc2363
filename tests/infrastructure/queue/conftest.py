"""Servers that can be killed, each with the whole suite: the bundled redis-server, one over TLS with a user of
limited rights, and the one that the environment names, which is not killed. And workers as processes.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from infrastructure.queue.keys import LEASES
from infrastructure.queue.redis_server import RedisServer
from infrastructure.system.child_processes import spawn
from script.certificates import Certificates, make_certificates
from script.servers import free_port
from tests.cli.up.conftest import ROOT, until
from tests.database_server import need

GIVEN = "TENDERLAKE_TEST_REDIS_URL"  # environment variable: URL of a Redis or Valkey, whose databases tests may empty
PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server")
RIGHTS = "~tenderlake:* -@all +@read +@write +@transaction +@connection -@dangerous"  # as docs/redis.md names them
KINDS = ["bundled", "tls", *(["given"] if os.environ.get(GIVEN) else [])]

Work = Callable[..., subprocess.Popen[bytes]]


class Queue:
    """A redis-server that can be killed and restarted, and the notes of its workers in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = RedisServer(folder / "queue")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For TENDERLAKE_REDIS_URL."""
        return self.server.url

    @property
    def administrator_url(self) -> str:
        """URL of the server's default user."""
        return self.server.url

    @property
    def stored(self) -> bytes:
        """What its files hold; Redis 7 has several."""
        return b"".join(path.read_bytes() for path in (self.folder / "queue").rglob("*.aof"))

    def argv(self) -> list[str]:
        """The command that runs the server."""
        return self.server.argv()

    def start(self) -> None:
        self.server.prepare()
        self.process = spawn(self.argv())
        until(self.server.ready)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def expire_leases(self) -> None:
        self.server.expire_leases()

    def noted(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().split() if file.exists() else []


class TlsQueue(Queue):
    """The same on a server of the system, by TLS, as a user that reaches the keys of tenderlake alone."""

    def __init__(self, folder: Path, program: str, certificates: Certificates) -> None:
        super().__init__(folder)
        self.program, self.certificates, self.port = program, certificates, free_port()

    @property
    def url(self) -> str:
        checks = f"ssl_ca_certs={self.certificates.authority}"
        return f"rediss://tenderlake:p%40ss%2Fword@127.0.0.1:{self.port}/0?{checks}"

    def argv(self) -> list[str]:
        options = ["--tls-port", str(self.port), "--bind", "127.0.0.1", "--tls-auth-clients", "no"]
        options += ["--tls-cert-file", str(self.certificates.certificate), "--tls-key-file", str(self.certificates.key)]
        options += ["--tls-ca-cert-file", str(self.certificates.authority)]
        return [
            self.program,
            *self.server.argv()[1:],
            *options,
            "--user",
            "tenderlake",
            "on",
            ">p@ss/word",
            *RIGHTS.split(),
        ]


class GivenQueue(Queue):
    """The same on a server that others started."""

    @property
    def url(self) -> str:
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        return urlsplit(os.environ[GIVEN])._replace(path=f"/{8 + worker}").geturl()

    def start(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushdb()

    def expire_leases(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.delete(LEASES)

    @property
    def administrator_url(self) -> str:
        pytest.skip("others may use this server too")

    @property
    def stored(self) -> bytes:
        pytest.skip("this server's file is elsewhere")

    def kill(self) -> None:
        """Skip the rest of the test."""
        pytest.skip("this server is not the test's own to kill")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=KINDS)
def queue(request: pytest.FixtureRequest, tmp_path: Path, certificates: Certificates) -> Iterator[Queue]:
    made = Queue(tmp_path)
    if request.param == "tls":
        need(PROGRAM, package="redis-server")
        made = TlsQueue(tmp_path, str(PROGRAM), certificates)
    elif request.param == "given":
        made = GivenQueue(tmp_path)
    made.start()
    yield made
    if request.param != "given":
        made.kill()
    made.server.clear()


@pytest.fixture
def work(queue: Queue) -> Iterator[Work]:
    started: list[subprocess.Popen[bytes]] = []

    def make(name: str, seconds: float = 0.0) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "tests.infrastructure.queue.queue_worker",
            queue.url,
            name,
            str(queue.folder),
            str(seconds),
        ]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield make
    for process in started:
        process.kill()
        process.wait()
