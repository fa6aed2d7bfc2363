"""A slow upload delays no other: it is read in slices or once in the background, while later jobs land."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobCounts, JobError, JobStatus
from domain.pipeline.batch import LEASE_DURATION
from domain.shared.errors import LostRaceError
from infrastructure.formats.archives import recogniser
from infrastructure.pipeline.background_reader import BackgroundSliceReader
from infrastructure.system.checkpoints import checkpoint
from infrastructure.warehouse.engine import SqlWarehouse
from services.pipeline import sweep as sweeping
from services.pipeline.landing.land import land
from services.pipeline.landing.worker_leases import end_predecessor_leases, release_leases
from services.ports.parts import Parts
from services.ports.sources import Slice, Sources
from services.shared.clock import now
from tests.parameters import mostly_slow
from tests.support import (
    Killed,
    KillingWarehouse,
    drain,
    job_of,
    lines,
    load,
    messages,
    quarantined,
    release,
    rows,
    submit,
    verified,
)

UNTIL_SECONDS = 60.0


@dataclass
class SlowSources:
    """The real sources; files named `slow` are read only once `go` is set."""

    real: Sources
    go: threading.Event = field(default_factory=threading.Event)
    reads: list[str] = field(default_factory=list)

    def read(self, sha256: str, filename: str, position: dict[str, Any] | None, limit: int, reader: str = "") -> Slice:
        self.reads.append(filename)
        while filename.startswith("slow") and not self.go.wait(0.01):
            checkpoint()
        return self.real.read(sha256, filename, position, limit, reader)

    def read_ahead(self, sha256s: Any) -> None:
        self.real.read_ahead(sha256s)

    def remove_copies(self, sha256: str, reader: str = "") -> None:
        self.real.remove_copies(sha256, reader)


@dataclass
class Slow:
    """A lake with a worker that reads slow files in the background."""

    parts: Parts
    sources: SlowSources
    background: BackgroundSliceReader

    def other(self, name: str = "worker-1") -> Parts:
        """The same lake in another worker."""
        return replace(
            self.parts, readings=BackgroundSliceReader(self.parts.warehouse, name, patience=0.05, beat=3_600)
        )


@pytest.fixture
def slow(lake_home: Parts) -> Iterator[Slow]:
    sources = SlowSources(lake_home.sources)
    background = BackgroundSliceReader(lake_home.warehouse, "worker-0", patience=0.05, beat=3_600)
    yield Slow(replace(lake_home, sources=sources, readings=background), sources, background)
    sources.go.set()
    background.threads.shutdown()


def until(true: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
    end = time.monotonic() + UNTIL_SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def settle(slow: Slow, job_id: str) -> None:
    """Let the slow job be read and landed in the background, until rest."""
    slow.sources.go.set()
    until(lambda: job_of(slow.parts, job_id).landed and not slow.background.is_landing(job_id))
    drain(slow.parts)


def attempts(parts: Parts, job_id: str) -> list[tuple[str, str]]:
    """(status, worker) of the job's batches."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    with parts.warehouse.engine.connect() as connection:
        found = connection.exec_driver_sql(
            f"SELECT status, worker FROM batch WHERE job_id = '{job_id}' ORDER BY ordinal"
        )
        return [(row[0], row[1]) for row in found]


def land_all(parts: Parts, job_id: str) -> None:
    """Land one slice of the job repeatedly."""
    while not job_of(parts, job_id).landed:
        land(parts, job_id)


def many(count: int, first: int = 0, name: str = "ocds-many") -> bytes:
    """A zip of that many members with one release each, and one that can't be read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for number in range(first, first + count):
            packed.writestr(f"{number}.json", json.dumps(release(f"{name}-{number:03d}")))
        packed.writestr("words.txt", "words")
    return out.getvalue()


def test_what_waits_behind_a_slow_file_ends_before_it(slow: Slow, tmp_path: Path) -> None:
    first = submit(slow.parts, "slow.jsonl", lines([release("ocds-slow-1")]))
    land(slow.parts, first)
    assert job_of(slow.parts, first).status is JobStatus.RUNNING
    assert load(slow.parts, "quick.jsonl", lines([release("ocds-quick-1")])).status is JobStatus.SUCCEEDED
    assert not job_of(slow.parts, first).landed
    settle(slow, first)
    assert (job_of(slow.parts, first).status, job_of(slow.parts, first).counts) == (
        JobStatus.SUCCEEDED,
        JobCounts(received=1, accepted=1, processes=1),
    )
    assert verified(slow.parts, tmp_path / "home") == []


def test_a_slow_file_among_those_that_wait_holds_its_group_up_for_a_moment_only(slow: Slow) -> None:
    first = submit(slow.parts, "quick-1.jsonl", lines([release("ocds-quick-1")]))
    second = submit(slow.parts, "slow.jsonl", lines([release("ocds-slow-1")]))
    third = submit(slow.parts, "quick-2.jsonl", lines([release("ocds-quick-2")]))
    drain(slow.parts)
    assert [job_of(slow.parts, one).status for one in (first, second, third)] == [
        JobStatus.SUCCEEDED,
        JobStatus.RUNNING,
        JobStatus.SUCCEEDED,
    ]
    settle(slow, second)
    assert job_of(slow.parts, second).status is JobStatus.SUCCEEDED


def test_a_slow_first_attempt_is_not_doubled(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "IDLE_DURATION", timedelta(0))
    job_id = submit(slow.parts, "slow.jsonl", lines([release()]))
    land(slow.parts, job_id)
    messages(slow.parts).waiting.clear()
    assert sweeping.sweep(slow.parts) == []
    land(slow.parts, job_id)
    land(slow.other(), job_id)
    assert attempts(slow.parts, job_id) == [("open", "worker-0")]
    assert slow.sources.reads == ["slow.jsonl"]
    settle(slow, job_id)
    assert attempts(slow.parts, job_id) == [("committed", "worker-0")]


def test_a_lease_that_is_renewed_lasts_and_one_that_is_not_runs_out(slow: Slow) -> None:
    job_id = submit(slow.parts, "slow.jsonl", lines([release()]))
    land(slow.parts, job_id)
    with slow.parts.warehouse.write() as work:
        batch = work.batches.open(
            [submit(slow.parts, "b.jsonl", lines([release()]))], now(), "worker-9", now() + LEASE_DURATION
        )[0]
        assert work.leases.active_workers([batch.job_id], now()) == {batch.job_id: "worker-9"}
        assert work.leases.active_workers([batch.job_id], now() + LEASE_DURATION) == {}
        assert work.leases.renew([batch.id], now() + 2 * LEASE_DURATION) == set()
        assert work.leases.active_workers([batch.job_id], now() + LEASE_DURATION) == {batch.job_id: "worker-9"}


def test_the_leases_of_a_worker_are_renewed_while_it_reads(lake_home: Parts) -> None:
    sources = SlowSources(lake_home.sources)
    background = BackgroundSliceReader(lake_home.warehouse, "worker-0", patience=0.01, beat=0.02)
    parts = replace(lake_home, sources=sources, readings=background)
    job_id = submit(parts, "slow.jsonl", lines([release()]))
    land(parts, job_id)
    late = now() + LEASE_DURATION + timedelta(milliseconds=50)

    def renewed() -> bool:
        with parts.warehouse.read() as work:
            return work.leases.active_workers([job_id], late) == {job_id: "worker-0"}

    until(renewed)
    sources.go.set()
    until(lambda: job_of(parts, job_id).landed)
    background.threads.shutdown()


def test_an_attempt_that_lost_its_lease_ends_at_its_next_checkpoint_and_keeps_nothing(slow: Slow) -> None:
    job_id = submit(slow.parts, "slow.jsonl", lines([release()]))
    land(slow.parts, job_id)
    (batch,) = slow.background._attempts
    with slow.parts.warehouse.write() as work:
        work.leases.end([batch])
        work.commit()
    other = slow.other()
    land(other, job_id)  # takes over, and reads in the background too
    slow.background.renew([batch])
    until(lambda: not slow.background.is_landing(job_id))
    slow.sources.go.set()
    until(lambda: job_of(other, job_id).landed)
    drain(other)
    assert attempts(other, job_id) == [("abandoned", "worker-0"), ("committed", "worker-1")]
    assert job_of(other, job_id).counts == JobCounts(received=1, accepted=1, processes=1)


def test_a_job_that_is_cancelled_while_it_is_read_ends_its_reading_and_leaves_no_copy(
    slow: Slow, tmp_path: Path
) -> None:
    job_id = submit(slow.parts, "slow.zip", many(2))
    land(slow.parts, job_id)
    with slow.parts.warehouse.write() as work:
        assert work.jobs.cancel(job_id, JobError(title="Cancelled", detail="by a test"), now())
        work.commit()
    slow.background.renew(list(slow.background._attempts))
    until(lambda: not slow.background.is_landing(job_id))
    drain(slow.parts)
    assert job_of(slow.parts, job_id).status is JobStatus.CANCELLED
    assert list((tmp_path / "home" / "spool").glob("*")) == []
    assert rows(slow.parts, "fact_process") == []


def test_a_file_that_can_t_be_read_fails_its_job_from_the_background_too(slow: Slow) -> None:
    job_id = submit(slow.parts, "slow.bin", b"words and no records")
    land(slow.parts, job_id)
    slow.sources.go.set()
    until(lambda: job_of(slow.parts, job_id).status is JobStatus.FAILED)


def test_what_a_dead_worker_read_in_the_background_is_read_again_by_its_successor(slow: Slow) -> None:
    job_id = submit(slow.parts, "slow.jsonl", lines([release()]))
    land(slow.parts, job_id)
    messages(slow.parts).waiting.clear()  # the message was acknowledged
    successor = slow.other("worker-0")
    end_predecessor_leases(successor)
    assert list(messages(slow.parts).waiting) == [("land", job_id)]
    slow.sources.go.set()
    drain(successor)
    until(lambda: job_of(successor, job_id).landed)
    drain(successor)
    assert job_of(successor, job_id).counts == JobCounts(received=1, accepted=1, processes=1)


def test_a_worker_that_is_told_to_stop_gives_its_slices_back(slow: Slow) -> None:
    job_id = submit(slow.parts, "slow.jsonl", lines([release()]))
    land(slow.parts, job_id)
    release_leases(slow.parts)
    assert attempts(slow.parts, job_id) == [("unread", "worker-0")]
    other = slow.other()
    land(other, job_id)
    with other.warehouse.write() as work:
        assert [batch.deliveries for batch in work.batches.open([job_id], now())] == [2]  # without the released one


def test_files_in_the_background_take_turns(slow: Slow) -> None:
    jobs = [submit(slow.parts, f"slow-{number}.jsonl", lines([release(f"ocds-slow-{number}")])) for number in range(5)]
    drain(slow.parts)
    for job_id in jobs:
        assert job_of(slow.parts, job_id).status is JobStatus.RUNNING
    slow.sources.go.set()
    until(lambda: all(job_of(slow.parts, one).landed and not slow.background.is_landing(one) for one in jobs))
    drain(slow.parts)
    assert {job_of(slow.parts, one).status for one in jobs} == {JobStatus.SUCCEEDED}
    assert len(rows(slow.parts, "fact_process")) == 5


@pytest.mark.slow
def test_a_job_behind_an_archive_of_many_members_ends_first(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    big = submit(lake_home, "many.zip", many(12))
    land(lake_home, big)
    small = submit(lake_home, "small.jsonl", lines([release("ocds-small-1")]))
    ended: list[str] = []
    queue = messages(lake_home)
    while queue.waiting:
        queue.handle(lake_home, queue.waiting.popleft())
        ended += [
            one for one in (big, small) if one not in ended and job_of(lake_home, one).status is JobStatus.SUCCEEDED
        ]
    assert ended == [small, big]
    assert job_of(lake_home, big).counts == JobCounts(received=13, accepted=12, quarantined=1, processes=12)
    assert [status for status, _ in attempts(lake_home, big)] == ["committed"] * 12 + ["empty"]
    assert verified(lake_home, tmp_path / "home") == []


def test_two_archives_take_turns(lake_home: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    first = submit(lake_home, "a.zip", many(6, name="ocds-a"))
    land(lake_home, first)
    second = submit(lake_home, "b.zip", many(6, name="ocds-b"))
    queue = messages(lake_home)
    order = []
    while queue.waiting:
        message = queue.waiting.popleft()
        order += [message[1]] if message[0] == "land" and not job_of(lake_home, message[1]).landed else []
        queue.handle(lake_home, message)
    assert min(order.count(first), order.count(second)) >= 6
    assert sum(before != after for before, after in pairwise(order)) >= 10


@pytest.mark.parametrize("allowed", mostly_slow(range(1, 9), in_each_run=[1, 4, 7]))
def test_an_archive_whose_landing_is_killed_anywhere_is_read_on_and_nothing_is_lost_or_doubled(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch, allowed: int, tmp_path: Path
) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    job_id = submit(lake_home, "many.zip", many(4))
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    dying = KillingWarehouse(lake_home.warehouse.url, allowed)
    with pytest.raises(Killed):
        land_all(replace(lake_home, warehouse=dying), job_id)
    dying.close()
    drain(lake_home)
    job = job_of(lake_home, job_id)
    assert (job.status, job.counts) == (
        JobStatus.SUCCEEDED,
        JobCounts(received=5, accepted=4, quarantined=1, processes=4),
    )
    assert [one.file for one in quarantined(lake_home, job_id)] == ["many.zip/words.txt"]
    assert list((tmp_path / "home" / "spool").glob("*")) == []
    assert verified(lake_home, tmp_path / "home") == []


def test_a_message_whose_slice_was_landed_already_does_nothing(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    job_id = submit(lake_home, "many.zip", many(4))
    land(lake_home, job_id)
    assert ("land", job_id, "1") in messages(lake_home).waiting
    land(lake_home, job_id, "1")
    land(lake_home, job_id, "1")
    assert len(attempts(lake_home, job_id)) == 2
    drain(lake_home)
    assert job_of(lake_home, job_id).counts.received == 5


def test_the_sweep_sends_no_message_that_waits(lake_home: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "IDLE_DURATION", timedelta(0))
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    job_id = submit(lake_home, "many.zip", many(4))
    assert sweeping.sweep(lake_home) == []
    land(lake_home, job_id)
    assert sweeping.sweep(lake_home) == []
    messages(lake_home).waiting.clear()
    assert ("land", job_id) in sweeping.sweep(lake_home)


def test_a_checkpoint_outside_of_a_reading_does_nothing() -> None:
    checkpoint()


def test_an_error_of_a_reading_comes_to_whoever_waits_for_it(slow: Slow) -> None:
    def broken() -> None:
        raise LostRaceError("gone")

    with slow.parts.warehouse.write() as work:
        batch = work.batches.open([submit(slow.parts, "b.jsonl", lines([release()]))], now())[0]
    with pytest.raises(LostRaceError):
        slow.background.read(batch, broken, lambda _: None)
