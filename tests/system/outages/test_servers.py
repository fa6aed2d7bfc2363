"""An installation on real servers that are stopped, frozen and killed under load: nothing accepted is lost, and
everybody hears 503 at most.
"""

import os
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from script.installation import FINAL, ROOT, Stack
from script.servers import KINDS, Server, settings_of
from seeds.generate import lines
from tests.system.outages.conftest import need_postgresql
from tests.system.outages.load import Load

STOPPED_SECONDS = float(os.environ.get("TENDERLAKE_TEST_STOPPED_SECONDS", "45"))
FROZEN_SECONDS = float(os.environ.get("TENDERLAKE_TEST_FROZEN_SECONDS", "40"))
BACK_SECONDS = 5.0  # in which work goes on
LONGEST_CALL_SECONDS = 20.0  # a first connection that goes silent, a second one that tells, and the queue for the pool
LINES_MOST = 12  # of an outage: each of the processes says that a server is away, and that it is back
END_SECONDS = 180.0


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    need_postgresql()
    made = {name: kind() for name, kind in KINDS.items()}
    for one in made.values():
        one.start()
    yield made
    for one in made.values():
        one.remove()


@pytest.fixture(scope="module")
def stack(servers: dict[str, Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("outages"), TENDERLAKE_WORKERS="2", **settings_of(servers)) as running:
        running.wait(running.upload("first.jsonl", b"\n".join(lines(10, seed=1))))  # the workers have started
        yield running


def outage(server: Server, kind: str) -> None:
    """One outage of the server, from its beginning to its end."""
    if kind == "frozen":
        server.freeze()
        time.sleep(FROZEN_SECONDS)
        server.thaw()
        return
    if kind == "stopped":
        server.stop()
        time.sleep(STOPPED_SECONDS)
    else:
        server.kill()
    server.start()


def went_on(servers: dict[str, Server], stage: str | None, since: datetime) -> float | None:
    """How long after `since` the first run of a stage (default: any) began that ended since; None if none did.

    A run has much to catch up with, so its end says little about when work went on.
    """
    where, values = ("stage = %s AND ", [stage]) if stage else ("", [])
    query = f"SELECT min(started_at) FROM stage_run WHERE {where}finished_at > %s"
    with psycopg.connect(servers["PostgreSQL"].url.replace("+psycopg", "")) as connection:
        row = connection.execute(query, [*values, since]).fetchone()
    return max(0.0, (row[0] - since).total_seconds()) if row and row[0] else None


def until(true: Callable[[], bool], seconds: float, what: str) -> float:
    """The seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"{what} took more than {seconds:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def all_ended(stack: Stack, jobs: list[str]) -> bool:
    """Whether each of the jobs has succeeded; those that did are taken off the list. It fails where one failed."""
    for job_id in list(jobs):
        found = stack.job(job_id)
        if found["status"] not in FINAL:
            return False
        assert found["status"] == "succeeded", found
        jobs.remove(job_id)
    return True


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["stopped", "frozen", "killed"])
@pytest.mark.parametrize("name", list(KINDS))
def test_work_survives_an_outage_and_goes_on_at_once(
    stack: Stack, servers: dict[str, Server], name: str, kind: str
) -> None:
    log = stack.data / "stack.log"
    before = log.stat().st_size
    load = Load(stack, seed=1_000 * (1 + zlib.crc32(f"{name} {kind}".encode()) % 10_000))
    with load.running():
        time.sleep(3)
        outage(servers[name], kind)
        returned = datetime.now(UTC)
        stage = "index" if name == "Typesense" else None
        until(lambda: went_on(servers, stage, returned) is not None, 60, "going on")
        took = went_on(servers, stage, returned)
        time.sleep(3)
    said = log.read_bytes()[before:].decode()
    jobs = list(load.accepted)
    until(lambda: all_ended(stack, jobs), END_SECONDS, "the jobs' end")
    print(
        f"{name} {kind}: on after {took:.1f} s, {dict(load.answers)}, longest call {load.longest:.1f} s, "
        f"{len(said.splitlines())} lines\n{said}"
    )
    assert load.wrong == []
    assert load.accepted
    assert took is not None
    assert took < BACK_SECONDS
    assert load.longest < LONGEST_CALL_SECONDS
    assert "Traceback" not in said
    assert len(said.splitlines()) <= LINES_MOST, said
    verified = subprocess.run(
        [ROOT / ".venv/bin/tenderlake", "verify"],
        env=stack.env,
        cwd=stack.data,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout[-2000:] + verified.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_installation_starts_before_its_servers(tmp_path: Path) -> None:
    need_postgresql()
    servers: dict[str, Server] = {name: kind() for name, kind in KINDS.items() if name != "Typesense"}
    try:
        for one in servers.values():
            threading.Timer(8, one.start).start()
        with Stack(tmp_path, **settings_of(servers)) as stack:
            assert stack.wait(stack.upload("first.jsonl", b"\n".join(lines(10, seed=1))))["status"] == "succeeded"
            said = (stack.data / "stack.log").read_text()
        assert said.count("is away since") <= 2 * (1 + int(stack.env.get("TENDERLAKE_WORKERS", "2"))), said
        assert "Traceback" not in said
    finally:
        for one in servers.values():
            one.remove()
