"""`tenderlake api`, `worker` and `sweep`: single processes that together do what `up` does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

from script.servers import free_port
from tests.cli.processes.conftest import Installation
from tests.cli.up.conftest import ROOT, until

FEED = ROOT / "seeds/data/ireland-records.json"


def test_apart_they_load_a_file_and_each_ends_in_order(installation: Installation) -> None:
    early = installation.start("worker")  # waits for the warehouse
    beat = installation.folder / "heartbeat"
    swept = installation.start("sweep", TENDERLAKE_HEARTBEAT_FILE=str(beat))
    api = installation.start("api")
    until(lambda: all("waiting for the warehouse" in installation.log(number) for number in range(3)), 60)
    assert not installation.answers()
    assert installation.start("migrate").wait(150) == 0
    second = installation.start("worker")
    until(installation.answers, 120)
    job = installation.call("/v1/uploads?filename=ireland.json", FEED.read_bytes())["id"]
    until(lambda: installation.call(f"/v1/jobs/{job}")["status"] == "succeeded", 120)
    client = redis.Redis.from_url(installation.queue_url)
    until(lambda: client.zcard("tenderlake:workers") == 2, 30)
    until(beat.exists)
    for process in (api, early, second, swept):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(20) for process in (api, early, second, swept)] == [0, 0, 0, 0]
    assert client.zcard("tenderlake:workers") == 0


def test_a_process_with_another_installations_folder_is_refused(installation: Installation, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'warehouse.db'}"
    installation.env["TENDERLAKE_DATABASE_URL"] = url
    assert installation.start("migrate").wait(150) == 0
    for command in ("api", "worker", "sweep"):
        process = installation.start(command, TENDERLAKE_DATA_DIR=str(tmp_path / "other"))
        assert process.wait(60) == 78
        said = installation.log(len(installation.started) - 1)
        assert "belongs to another data folder" in said
        assert "Traceback" not in said


def test_the_health_check_wants_a_fresh_heartbeat_or_an_api_that_answers(tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    env = os.environ | {"TENDERLAKE_HEARTBEAT_FILE": str(beat), "TENDERLAKE_PORT": str(free_port())}

    def check() -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cli.health"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    code, said = check()
    assert code == 1
    assert "no API answers" in said
    beat.touch()
    assert check() == (0, "")
    os.utime(beat, (time.time() - 60,) * 2)
    code, said = check()
    assert code == 1
    assert "the last heartbeat was 60 s ago" in said
