"""Stages that are killed, run concurrently or overtaken lose and repeat nothing; a bad batch does not stop the log.

A kill is an exception, raised by a wrapper of the real part at the point where the process would have died.
"""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.search.queries import SearchQuery
from domain.shared.errors import LostRaceError
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.unit_of_work import SqlUnitOfWork
from services.pipeline import sweep as sweeping
from services.pipeline.indexing.index import index
from services.pipeline.landing.claims import MAX_ATTEMPTS
from services.pipeline.landing.land import land
from services.pipeline.publishing import publish as publishing
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.pipeline.stage import ATTEMPTS_BEFORE_SINGLE_BATCH
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import (
    Killed,
    KillingWarehouse,
    documents,
    drain,
    gold,
    job_of,
    lake_of,
    lines,
    load,
    messages,
    release,
    rows,
    submit,
    verified,
)


class KillingLake(DeltaLake):
    """A lake whose next append kills the process, before or after the append."""

    def __init__(self, lake: DeltaLake, before: bool = False) -> None:
        super().__init__(lake.root)
        self.before = before

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None:
        if not self.before:
            super().append_bronze(kind, batch, rows)
        raise Killed

    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None:
        if not self.before:
            super().append_silver(silver_batch, frames)
        raise Killed


class PoisonedLake(DeltaLake):
    """A lake in which one process can't be read from bronze."""

    def __init__(self, lake: DeltaLake, ocid: str) -> None:
        super().__init__(lake.root)
        self.ocid = ocid

    def read_bronze(
        self,
        kind: str,
        batches: Sequence[int],
        columns: Sequence[str],
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        found = super().read_bronze(kind, batches, columns, ocids, record_ids)
        if "payload" in columns and self.ocid in found["ocid"]:
            raise Killed(f"{self.ocid} is poison in /srv/lake/bronze")
        return found


@pytest.fixture
def dying(lake_home: Parts) -> Iterator[Callable[[int], Parts]]:
    """Makes parts whose warehouse permits only a number of transactions."""
    made: list[KillingWarehouse] = []

    def make(allowed: int) -> Parts:
        assert isinstance(lake_home.warehouse, SqlWarehouse)
        made.append(KillingWarehouse(lake_home.warehouse.url, allowed))
        return replace(lake_home, warehouse=made[-1])

    yield make
    for warehouse in made:
        warehouse.close()


def releases(count: int, title: str = "Road repairs") -> bytes:
    return lines(release(f"ocds-test01-{number:04d}", tender={"title": f"{title} {number}"}) for number in range(count))


def test_a_job_that_ends_its_worker_again_and_again_fails_and_leaves_no_copy_of_its_file(
    lake_home: Parts, tmp_path: Path
) -> None:
    spool = tmp_path / "home" / "spool"
    job_id = submit(lake_home, "a.jsonl.gz", gzip.compress(releases(5)))
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            land(replace(lake_home, lake=KillingLake(lake_of(lake_home))), job_id)
        assert list(spool.glob("*")) != []
    drain(lake_home)
    assert job_of(lake_home, job_id).status is JobStatus.FAILED
    assert list(spool.glob("*")) == []


@pytest.mark.parametrize("before", [True, False], ids=["before the append", "after the append"])
def test_a_landing_that_is_killed_lands_once_when_its_message_comes_again(lake_home: Parts, before: bool) -> None:
    job_id = submit(lake_home, "a.jsonl", releases(5))
    with pytest.raises(Killed):
        land(replace(lake_home, lake=KillingLake(lake_of(lake_home), before)), job_id)
    assert job_of(lake_home, job_id).counts == JobCounts()
    drain(lake_home)
    job = job_of(lake_home, job_id)
    assert (job.status, job.counts) == (JobStatus.SUCCEEDED, JobCounts(received=5, accepted=5, processes=5))
    with lake_home.warehouse.read() as work:
        batches = sorted(work.batches.sequence())
    bronze = lake_home.lake.read_bronze("releases", batches, ["record_id"])
    assert sorted(bronze["record_id"]) == [f"ocds-test01-{number:04d}:1" for number in range(5)]
    assert len(rows(lake_home, "fact_process")) == 5


def test_a_killed_landing_goes_on_from_its_last_committed_batch(
    lake_home: Parts, dying: Callable[[int], Parts]
) -> None:
    small = replace(lake_home, batch_records=2)
    job_id = submit(small, "a.jsonl", releases(7))
    land(small, job_id)  # one of seven: the first slice is small
    with pytest.raises(Killed):
        land(replace(dying(1), batch_records=2), job_id)  # opens its batch, but does not commit it
    assert job_of(small, job_id).counts.received == 1
    drain(small)
    assert job_of(small, job_id).counts == JobCounts(received=7, accepted=7, processes=7)
    assert len(rows(small, "fact_process")) == 7


def test_a_slice_that_kills_its_worker_every_time_fails_the_job_and_keeps_what_landed(lake_home: Parts) -> None:
    small = replace(lake_home, batch_records=2)
    job_id = submit(small, "a.jsonl", releases(4))
    land(small, job_id)
    deadly = replace(small, lake=KillingLake(lake_of(small)))
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            land(deadly, job_id)
    land(deadly, job_id)
    job = job_of(small, job_id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "ended its worker 3 times" in job.error.detail
    drain(small)
    assert len(rows(small, "fact_process")) == 1


def test_of_two_attempts_at_one_batch_the_later_wins_and_the_earlier_keeps_nothing(lake_home: Parts) -> None:
    job_id = submit(lake_home, "a.jsonl", releases(3))
    with lake_home.warehouse.write() as work:
        slow = work.batches.open([job_id], now())[0]
        work.commit()
    land(lake_home, job_id)
    with lake_home.warehouse.write() as work, pytest.raises(LostRaceError):
        work.batches.commit([(slow, JobCounts(accepted=3), ["releases"])], now())
    drain(lake_home)
    assert job_of(lake_home, job_id).counts == JobCounts(received=3, accepted=3, processes=3)


class OvertakenLake(DeltaLake):
    """A lake in which another write happens between an append and its commit."""

    def __init__(self, lake: DeltaLake, meanwhile: Callable[[], None]) -> None:
        super().__init__(lake.root)
        self.meanwhile = meanwhile

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None:
        super().append_bronze(kind, batch, rows)
        self.meanwhile()


@pytest.mark.parametrize("known", [False, True], ids=["a new record", "a record that is there"])
def test_two_jobs_that_race_for_one_record_both_land_and_the_loser_tries_again(lake_home: Parts, known: bool) -> None:
    if known:
        load(lake_home, "old.json", lines([release(tender={"title": "old"})]))
    slow = submit(lake_home, "slow.json", lines([release(tender={"title": "slow"})]))
    quick = submit(lake_home, "quick.json", lines([release(tender={"title": "quick"})]))
    land(replace(lake_home, lake=OvertakenLake(lake_of(lake_home), lambda: land(lake_home, quick))), slow)
    assert job_of(lake_home, slow).counts == JobCounts()
    assert ("land", slow) in messages(lake_home).waiting
    drain(lake_home)
    for job_id in (slow, quick):
        assert (job_of(lake_home, job_id).status, job_of(lake_home, job_id).counts.accepted) == (JobStatus.SUCCEEDED, 1)
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["slow"]
    with lake_home.warehouse.read() as work:
        assert work.record_catalogue.current("releases", ["ocds-test01-1:1"])["ocds-test01-1:1"].version == (
            3 if known else 2
        )


@pytest.mark.parametrize("before", [True, False], ids=["before the append", "after the append"])
def test_a_refining_that_is_killed_is_done_once_when_it_runs_again(lake_home: Parts, before: bool) -> None:
    land(lake_home, submit(lake_home, "a.jsonl", releases(5)))
    with pytest.raises(Killed):
        refine(replace(lake_home, lake=KillingLake(lake_of(lake_home), before)))
    drain(lake_home)
    assert [row["title"] for row in rows(lake_home, "fact_process")] == [
        f"Road repairs {number}" for number in range(5)
    ]
    with lake_home.warehouse.read() as work:
        silver = [batch.id for batch in work.batches.silver_after(0)]
    assert lake_home.lake.read_silver("process", silver, ["ocid"]).height == 5


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_a_publishing_that_is_killed_goes_on_behind_its_last_slice(
    lake_home: Parts, dying: Callable[[int], Parts], allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "SLICE_PROCESSES", 2)
    job_id = submit(lake_home, "a.jsonl", releases(5))
    land(lake_home, job_id)
    refine(lake_home)
    with pytest.raises(Killed):
        publish(dying(allowed))  # the first transaction counts the attempt, each further one commits a slice
    assert len(rows(lake_home, "fact_process")) == 2 * (allowed - 1)
    with lake_home.warehouse.read() as work:
        assert work.watermarks.get("publish").done == allowed - 1
    # New releases of the first slice's processes must not be mixed into the unfinished run.
    load(lake_home, "b.jsonl", releases(2, title="Bridge repairs"))
    assert [row["title"] for row in rows(lake_home, "fact_process")] == [
        "Bridge repairs 0",
        "Bridge repairs 1",
        "Road repairs 2",
        "Road repairs 3",
        "Road repairs 4",
    ]
    assert job_of(lake_home, job_id).status is JobStatus.SUCCEEDED
    assert sum(row["uses"] for row in rows(lake_home, "dim_source")) == 5


def test_an_indexing_that_is_killed_is_done_again(lake_home: Parts, dying: Callable[[int], Parts]) -> None:
    job_id = submit(lake_home, "a.jsonl", releases(3))
    land(lake_home, job_id)
    refine(lake_home)
    publish(lake_home)
    with pytest.raises(Killed):
        index(dying(1))
    assert job_of(lake_home, job_id).status is JobStatus.RUNNING
    drain(lake_home)
    assert job_of(lake_home, job_id).status is JobStatus.SUCCEEDED
    assert lake_home.search.search(SearchQuery(text="repairs")).found == 3


@pytest.mark.parametrize("writes", [0, 1], ids=["before it counts its attempt", "after that"])
@pytest.mark.parametrize("stage", [refine, publish, index], ids=["refine", "publish", "index"])
def test_a_second_runner_loses_cleanly(lake_home: Parts, stage: Callable[[Parts], None], writes: int) -> None:
    land(lake_home, submit(lake_home, "a.jsonl", releases(3)))
    for earlier in (refine, publish, index):
        if earlier is stage:
            break
        earlier(lake_home)
    overtaken: list[int] = []

    class Racing(SqlWarehouse):
        """The other runner does all work before this one's next write."""

        @contextmanager
        def write(self) -> Iterator[SqlUnitOfWork]:
            overtaken.append(1)
            if len(overtaken) == writes + 1:
                stage(lake_home)
            with super().write() as work:
                yield work

    assert isinstance(lake_home.warehouse, SqlWarehouse)
    racing = Racing(lake_home.warehouse.url)
    stage(replace(lake_home, warehouse=racing))
    racing.close()
    drain(lake_home)
    alone = gold(lake_home), documents(lake_home)
    assert len(alone[0]["fact_process"]) == 3
    assert len(alone[1]["processes"]) == 3
    for table, _ in (("dim_source", 1), ("dim_procedure", 1)):
        assert sum(row["uses"] for row in rows(lake_home, table)) == 3


def test_a_batch_that_fails_its_stage_is_set_aside_and_the_log_goes_on(lake_home: Parts) -> None:
    good = load(lake_home, "good.jsonl", releases(2))
    poison = submit(
        lake_home,
        "poison.jsonl",
        lines([release("ocds-test01-poison"), release("ocds-test01-0001", tender={"title": "New title"})]),
    )
    later = submit(lake_home, "later.jsonl", lines([release("ocds-test01-later")]))
    land(lake_home, poison)
    land(lake_home, later)
    poisoned = replace(lake_home, lake=PoisonedLake(lake_of(lake_home), "ocds-test01-poison"))
    for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH):
        with pytest.raises(Killed):
            refine(poisoned)
    messages(lake_home).waiting.append(("refine",))
    drain(poisoned)
    failed = job_of(lake_home, poison)
    assert failed.status is JobStatus.FAILED
    assert failed.error is not None
    assert failed.error.detail.endswith("ocds-test01-poison is poison in …")  # without a path of the server
    assert failed.error.stage == "refine"
    assert job_of(lake_home, later).status is JobStatus.SUCCEEDED
    assert job_of(lake_home, good.id).status is JobStatus.SUCCEEDED
    assert [(row["ocid"], row["title"]) for row in rows(lake_home, "fact_process")] == [
        ("ocds-test01-0000", "Road repairs 0"),
        ("ocds-test01-0001", "Road repairs 1"),
        ("ocds-test01-later", None),
    ]


@pytest.mark.parametrize("stage", ["publish", "index"])
def test_a_batch_set_aside_behind_silver_leaves_gold_as_if_it_had_never_come(
    lake_home: Parts, stage: str, tmp_path: Path
) -> None:
    load(lake_home, "good.jsonl", releases(2))
    before = gold(lake_home), documents(lake_home)
    bad = submit(
        lake_home,
        "bad.jsonl",
        lines([release("ocds-test01-0001", "2", tender={"title": "Changed"}), release("ocds-test01-new")]),
    )
    land(lake_home, bad)
    refine(lake_home)
    if stage == "index":
        publish(lake_home)
    deadly = _failing(lake_home, stage)
    for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH):
        with pytest.raises(Killed):
            {"publish": publish, "index": index}[stage](deadly)
    messages(lake_home).waiting.append((stage,))
    drain(lake_home)
    assert job_of(lake_home, bad).status is JobStatus.FAILED
    assert (gold(lake_home), documents(lake_home)) == before
    assert verified(lake_home, tmp_path / "home") == []
    again = load(lake_home, "more.jsonl", lines([release("ocds-test01-0001", "3", tender={"description": "more"})]))
    assert again.status is JobStatus.SUCCEEDED
    assert sorted(row["title"] for row in rows(lake_home, "fact_process")) == ["Road repairs 0", "Road repairs 1"]


def test_a_version_of_a_batch_set_aside_comes_back_neither_to_its_record_nor_through_a_later_process(
    lake_home: Parts, tmp_path: Path
) -> None:
    load(lake_home, "good.jsonl", lines([release(tender={"title": "good"})]))
    bad = submit(
        lake_home,
        "bad.jsonl",
        lines([release(tender={"title": "bad"}), release(release_id="2", tender={"description": "bad too"})]),
    )
    land(lake_home, bad)
    refine(lake_home)
    later = submit(
        lake_home,
        "later.jsonl",
        lines([release(tender={"title": "later"}), release(release_id="3", tender={"status": "active"})]),
    )
    land(lake_home, later)
    refine(lake_home)  # runs ahead of publish, and compiles the content of the bad batch
    deadly = _failing(lake_home, "publish")
    for batch in (bad, later):
        for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH):
            with pytest.raises(Killed):
                publish(deadly)
        publish(deadly)
        assert job_of(lake_home, batch).status is JobStatus.FAILED
    drain(lake_home)
    (process,) = rows(lake_home, "fact_process")
    assert (process["title"], process["description"], process["releases"]) == ("good", None, 1)
    assert verified(lake_home, tmp_path / "home") == []


def _failing(parts: Parts, stage: str) -> Parts:
    class Lake(DeltaLake):
        def read_silver(self, *args: Any, **named: Any) -> pl.DataFrame:
            raise Killed(f"{stage} can't read this")

    return replace(parts, lake=Lake(lake_of(parts).root))


def test_the_sweep_sends_what_was_lost_at_every_stage(lake_home: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "IDLE_DURATION", timedelta(0))
    job_id = submit(lake_home, "a.jsonl", releases(3))
    queue = messages(lake_home)
    sent = []
    for _ in range(5):
        queue.waiting.clear()  # every message is lost
        due = sweeping.sweep(lake_home)
        sent += due
        assert list(queue.waiting) == due
        for message in due:
            queue.handle(lake_home, message)
    assert sent == [("land", job_id), ("refine",), ("publish",), ("match",), ("index",), ("red_flags",)]
    assert job_of(lake_home, job_id).status is JobStatus.SUCCEEDED
    queue.waiting.clear()
    assert sweeping.sweep(lake_home) == []


def test_the_sweep_leaves_alone_what_is_at_work(lake_home: Parts) -> None:
    job_id = submit(lake_home, "a.jsonl", releases(3))
    messages(lake_home).waiting.clear()
    assert sweeping.sweep(lake_home) == []  # just accepted
    land(lake_home, job_id)
    messages(lake_home).waiting.clear()
    with lake_home.warehouse.write() as work:
        work.watermarks.start("refine", now())
        work.commit()
    assert sweeping.sweep(lake_home) == []
