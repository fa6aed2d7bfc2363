"""Processes of one installation that run apart: SQLite, the embedded search and a Redis."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from script.servers import Redis, free_port
from tests.cli.up.conftest import ROOT

PASSWORD = "secret-of-the-test"


class Installation:
    """Processes over one data folder (SQLite, embedded search) and a Redis."""

    def __init__(self, folder: Path, queue_url: str) -> None:
        self.folder, self.port, self.queue_url = folder, free_port(), queue_url
        self.env = os.environ | {
            "TENDERLAKE_DATA_DIR": str(folder / "data"),
            "TENDERLAKE_PORT": str(self.port),
            "TENDERLAKE_ADMIN_PASSWORD": PASSWORD,
            "TENDERLAKE_REDIS_URL": queue_url,
            "TENDERLAKE_EMBEDDINGS": "off",
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **settings: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{command[0]}-{len(self.started)}.log").open("wb")
        argv = [sys.executable, "-P", "-m", "cli.main", *command]
        env = self.env | settings | {"PYTHONPATH": str(ROOT)}
        with log:
            # pylint: disable-next=consider-using-with
            self.started.append(subprocess.Popen(argv, env=env, cwd=self.folder, stdout=log, stderr=log))
        return self.started[-1]

    def log(self, number: int) -> str:
        return "".join(path.read_text() for path in self.folder.glob(f"*-{number}.log"))

    def call(self, path: str, data: bytes | None = None) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        manager.add_password(None, request.full_url, "admin", PASSWORD)
        opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(manager))
        with opener.open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def answers(self) -> bool:
        try:
            return bool(self.call("/health/ready")["status"])
        except (OSError, urllib.error.URLError):
            return False


@pytest.fixture
def queue() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def installation(tmp_path: Path, queue: Redis) -> Iterator[Installation]:
    made = Installation(tmp_path, queue.url)
    yield made
    for process in made.started:
        process.kill()
        process.wait()
