"""A real server, where two variables name one: each test has collections of its own there, removed afterwards."""

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from domain.search.queries import CollectionSpec
from infrastructure.search.typesense.engine import TypesenseSearch

URL, KEY = os.environ.get("TENDERLAKE_TEST_TYPESENSE_URL", ""), os.environ.get("TENDERLAKE_TEST_TYPESENSE_API_KEY", "")
NEEDS_SERVER = pytest.mark.skipif(
    not (URL and KEY), reason="TENDERLAKE_TEST_TYPESENSE_URL and TENDERLAKE_TEST_TYPESENSE_API_KEY name no server"
)


@contextmanager
def on_server(specs: Sequence[CollectionSpec], url: str = URL, key: str = KEY) -> Iterator[TypesenseSearch]:
    """Search on the server."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    engine = TypesenseSearch(url, key, specs, prefix=prefix)
    try:
        yield engine
    finally:
        for one in engine.client.api.collections.retrieve():
            if one["name"].startswith(prefix):
                engine.client.api.collections[one["name"]].delete()
        engine.close()


BINARY = os.environ.get("TENDERLAKE_TEST_TYPESENSE_BINARY", "")
NEEDS_BINARY = pytest.mark.skipif(not BINARY, reason="TENDERLAKE_TEST_TYPESENSE_BINARY names no typesense-server")
READY_SECONDS = 60.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server of a test's own, which is killed and started again."""

    key = "test"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._peering = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until the server says that it is well."""
        self._folder.mkdir(exist_ok=True)
        options = {"data-dir": self._folder, "api-key": self.key, "api-address": "127.0.0.1", "api-port": self._port}
        options |= {"peering-address": "127.0.0.1", "peering-port": self._peering}
        command = [BINARY, *(f"--{name}={value}" for name, value in options.items())]
        with (self._folder.parent / "typesense.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # pylint: disable=consider-using-with
        deadline = time.monotonic() + READY_SECONDS
        while not self._well():
            assert time.monotonic() < deadline, "the server does not come up"
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal, and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(READY_SECONDS)

    def _well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=1.0).status_code == 200
        except httpx.HTTPError:
            return False
