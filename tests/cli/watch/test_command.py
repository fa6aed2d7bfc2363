"""`tenderlake watch` as a process, alone and as a child of `up`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import psutil
import pytest

from script.installation import Stack
from tests.api.jobs.conftest import FOUR, LINES, Receiver, until
from tests.cli.conftest import ROOT, environment


@contextmanager
def watching(folder: Path, env: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "cli.main", "watch", str(folder)], cwd=ROOT, env=env, stdout=out, stderr=out
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def test_it_waits_for_the_warehouse_ends_on_sigterm_and_allows_no_second_watcher(tmp_path: Path) -> None:
    env, folder, log = environment(tmp_path), tmp_path / "in", tmp_path / "log"
    with watching(folder, env, log) as process:
        until(lambda: "waiting for the warehouse" in log.read_text())
        second = subprocess.run(
            [sys.executable, "-m", "cli.main", "watch", str(folder)],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "already watched" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    call = [sys.executable, "-m", "cli.main", "watch", str(tmp_path / "file" / "in")]
    done = subprocess.run(
        call, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "can't be watched" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_up_watches_the_folder_of_the_settings_a_killed_watcher_goes_on_and_webhooks_hear_of_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "before.jsonl").write_bytes(LINES)
    (tmp_path / "data").mkdir()
    chosen = {"WATCH_DIR": str(folder), "EMBEDDINGS": "off", "WORKERS": "1", "WEBHOOK_PRIVATE": "true"}
    with Stack(tmp_path / "data", **{f"TENDERLAKE_{name}": value for name, value in chosen.items()}) as stack:

        def watcher() -> psutil.Process | None:
            for pid in stack.tree():
                try:
                    process = psutil.Process(pid)
                    if "watch" in process.cmdline():
                        return process
                except psutil.Error:
                    continue
            return None

        until(lambda: (folder / "done/before.jsonl").exists(), 120)
        first = until(watcher)
        assert stack.client.post("/v1/webhooks", json={"url": receiver.url}).status_code == 201
        (folder / "after.jsonl").write_bytes(FOUR.replace(b"aaaaaa", b"bbbbbb"))
        until(lambda: (folder / "loading/after.jsonl").exists() or (folder / "done/after.jsonl").exists(), 60)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: (folder / "done/after.jsonl").exists(), 120)
        until(lambda: (again := watcher()) is not None and again.pid != first.pid, 60)
        reports = {
            name: orjson.loads((folder / f"done/{name}.jsonl.report.json").read_bytes()) for name in ("before", "after")
        }
        assert {name: report["counts"]["accepted"] for name, report in reports.items()} == {"before": 4, "after": 4}
        assert stack.job(reports["after"]["job"]["id"])["status"] == "succeeded"
        assert len(stack.client.get("/v1/jobs").json()["items"]) == 2
        until(lambda: receiver.heard, 30)
        assert [one["job"]["id"] for one in receiver.events()] == [reports["after"]["job"]["id"]]


@pytest.mark.slow
def test_a_name_that_is_no_text_ends_no_watcher(tmp_path: Path) -> None:
    folder, log = tmp_path / "in", tmp_path / "log"
    folder.mkdir()
    env = environment(tmp_path, embeddings="off")
    made = subprocess.run(
        [sys.executable, "-m", "cli.main", "migrate"], cwd=ROOT, env=env, capture_output=True, timeout=120, check=False
    )
    assert made.returncode == 0, made.stderr
    with watching(folder, env, log) as process:
        until(lambda: "watching" in log.read_text(), 60)
        name = os.fsdecode(b"caf\xe9.jsonl")
        (folder / name).write_bytes(FOUR)
        until(lambda: (folder / "failed" / name).exists(), 60)
        assert "not UTF-8" in orjson.loads((folder / "failed" / f"{name}.report.json").read_bytes())["error"]["detail"]
        (folder / "next.jsonl").write_bytes(FOUR)
        until(lambda: (folder / "loading/next.jsonl").exists(), 60)
        assert process.poll() is None
        assert "Traceback" not in log.read_text()
