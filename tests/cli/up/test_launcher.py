"""The launcher over stand-ins: real processes and the real redis-server."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest

from cli.up import start_checks
from domain.shared.errors import StartupError
from tests.cli.up.conftest import ROOT, Start, free_port, gone, until


def test_it_says_what_runs_and_what_to_try(start: Start) -> None:
    one = start(workers=2).ready()
    assert f"http://127.0.0.1:{one.port}/docs" in one.said
    assert "curl" in one.said
    assert "2 workers" in one.said
    assert [one.has(word) for word in ("redis-server", "api", "worker")] == [True] * 3


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_workers_share_the_cores_but_who_asks_for_more_threads_gets_them(
    start: Start, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    cores = os.cpu_count() or 1
    first = start(workers=workers).ready()
    assert first.child("worker").environ()["POLARS_MAX_THREADS"] == str(max(1, cores // workers))
    first.end()
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    assert start(workers=workers).ready().child("worker").environ()["POLARS_MAX_THREADS"] == "7"


def test_a_second_launcher_on_the_folder_is_refused_in_one_line(start: Start) -> None:
    first = start().ready()
    second = start(port=free_port())
    assert second.process.wait(10) == 1
    assert second.said.count("\n") == 1
    assert f"process {first.process.pid}" in second.said


def test_a_taken_port_is_refused_in_one_line_before_anything_starts(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        one = start(port=other.getsockname()[1])
        assert one.process.wait(10) == 1
    assert one.said.count("\n") == 1
    assert "TENDERLAKE_PORT" in one.said
    assert not (tmp_path / "data" / "queue").exists()


def test_a_data_folder_that_cannot_be_made_is_refused_in_one_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = start(data_dir=tmp_path / "file" / "data")
    assert one.process.wait(10) == 1
    assert one.said.count("\n") == 1
    assert "TENDERLAKE_DATA_DIR" in one.said


def test_a_damaged_queue_file_is_named_in_one_line_and_moving_it_away_helps(start: Start, tmp_path: Path) -> None:
    start().ready().end()
    file = tmp_path / "data" / "queue" / "appendonly.aof"
    file.write_bytes(file.read_bytes() + b"*1\r\n$4\r\nPING\r\nrubbish in the middle\r\n*1\r\n$4\r\nPING\r\n")
    refused = start()
    assert refused.process.wait(10) == 1
    assert str(file) in refused.said.splitlines()[0]
    assert "move it away" in refused.said
    file.rename(file.with_suffix(".damaged"))
    start().ready()


def test_a_torn_tail_of_the_queue_file_is_no_obstacle(start: Start, tmp_path: Path) -> None:
    start().ready().end()
    file = tmp_path / "data" / "queue" / "appendonly.aof"
    file.write_bytes(file.read_bytes() + b"*3\r\n$3\r\nSET\r\n$1")
    start().ready()


def test_killed_children_are_started_again_and_callers_wait_out_the_restart(start: Start) -> None:
    one = start().ready()
    for word in ("redis-server", "worker", "api"):
        before = one.child(word)
        before.kill()
        until(partial(one.replaced, word, before.pid))
    one.child("api").kill()
    assert one.get() in {child.pid for child in one.children()}
    assert "queue was terminated by SIGKILL; restarting it in 0.2 s" in one.said


def test_what_a_killed_worker_had_started_goes_with_it(start: Start) -> None:
    one = start().ready()
    until(lambda: bool(one.child("worker").children()))
    started = one.child("worker").children()
    one.child("worker").kill()
    assert gone(started) == []


def test_sigterm_leaves_no_process_no_temporary_folder_and_no_socket(
    start: Start, tmp_path: Path, temporary: Path
) -> None:
    deep = tmp_path / ("long-" * 20) / "data"
    one = start(data_dir=deep).ready()
    assert list(temporary.iterdir()), "the path is too long for a socket, so that one is in a temporary folder"
    until(lambda: len(one.children()) == 4)  # the worker's own child too
    children = one.children()
    assert one.end() == 0
    assert gone(children, 0.5) == []
    assert list(temporary.iterdir()) == []
    assert not (deep / "queue" / "redis.sock").exists()


def test_ctrl_c_while_it_starts_stops_it_cleanly(start: Start) -> None:
    one = start(test_api_dies=1)
    until(lambda: "api exited" in one.said)
    assert one.end(signal.SIGINT) in (0, 1)


def test_a_killed_launcher_takes_all_with_it_and_the_next_one_starts_at_once(start: Start) -> None:
    one = start(workers=2).ready()
    children = one.children()
    os.killpg(one.process.pid, signal.SIGKILL)
    again = start(workers=2).ready()  # the killed one is still a zombie
    assert gone(children, 0.5) == []
    assert again.get() in {child.pid for child in again.children()}


def test_an_api_that_has_said_why_it_cannot_start_ends_the_launcher(start: Start) -> None:
    one = start(test_api_dies=78)
    assert one.process.wait(10) == 1
    assert "restarting it" not in one.said


def test_an_api_that_keeps_dying_at_the_start_ends_the_launcher(start: Start) -> None:
    one = start(test_api_dies=3)
    assert one.process.wait(20) == 1
    assert "exited 3 times before its first answer" in one.said.splitlines()[-1]


def test_a_warehouse_of_a_newer_version_is_refused_in_one_line(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as warehouse:
        warehouse.execute("create table alembic_version (version_num text)")
        warehouse.execute("insert into alembic_version values ('9999')")
        warehouse.commit()
    (tmp_path / "warehouse.db").chmod(0o600)  # otherwise the permission fix would print another line
    env = os.environ | {
        "TENDERLAKE_DATA_DIR": str(tmp_path),
        "TENDERLAKE_PORT": str(free_port()),
        "TENDERLAKE_WORKERS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "up"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout + done.stderr == done.stderr.splitlines()[0] + "\n"
    assert "newer version" in done.stderr


@pytest.mark.parametrize("name", ["[old]", "50%20", "a|b"])
def test_a_folder_that_the_lake_cannot_lie_in_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(StartupError, match="set TENDERLAKE_DATA_DIR to a folder without such characters"):
        start_checks.data_folder(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_nearly_full_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_checks, "MIN_FREE_BYTES", 2**62)
    with pytest.raises(StartupError, match=r"nearly full .* free at least"):
        start_checks.data_folder(tmp_path)


def test_with_a_redis_of_ones_own_no_server_is_started(start: Start, tmp_path: Path) -> None:
    one = start(redis_url=f"unix://{tmp_path}/none.sock").ready()
    assert not any("redis" in psutil.Process(child.pid).name() for child in one.children())
