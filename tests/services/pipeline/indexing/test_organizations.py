"""During a load, processes are indexed per slice; organisations once: at a job's end, at rest or at a time limit."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.search.queries import Collection
from domain.shared.errors import ConflictError
from infrastructure.scratch_installation import scratch_installation
from infrastructure.settings import Settings
from services.jobs.retry_and_cancel import cancel
from services.maintenance.rebuild import index_again_if_lost
from services.maintenance.verify import verify
from services.pipeline.backlog import ORGANIZATIONS_PART, organizations_behind
from services.pipeline.indexing.index import ORGANIZATIONS_MAX_DELAY, index
from services.pipeline.landing.land import land
from services.pipeline.matching.match import match
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.pipeline.sweep import IDLE_DURATION, sweep
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import connection_of, drain, job_of, lake_in, lines, load, messages, release, submit

SLICES = 3


@pytest.fixture
def home(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """A lake that lands release by release and matches at once, with one job that has just ended."""
    monkeypatch.setattr("services.pipeline.matching.match.MAX_DELAY", timedelta(0))
    with lake_in(tmp_path / "home", migrated, batch_records=1) as parts:
        load(parts, "first.jsonl", lines([release("ocds-test01-first")]))
        yield parts


def begin(parts: Parts) -> str:
    """A job of SLICES slices: the first is indexed, the second waits to be refined."""
    said = [
        release(f"ocds-test01-{n}", parties=[{"id": f"b{n}", "name": f"Buyer {n}", "roles": ["buyer"]}])
        for n in range(SLICES)
    ]
    job_id = submit(parts, "load.jsonl", lines(said))
    land(parts, job_id)
    refine(parts)
    publish(parts)
    match(parts)
    land(parts, job_id)
    index(parts)
    return job_id


def names(parts: Parts) -> set[str]:
    """The organisations of the load that are in search."""
    return {
        str(one["name"])
        for one in parts.search.scan(Collection.ORGANIZATIONS)
        if str(one.get("name")).startswith("Buyer ")
    }


def behind(parts: Parts) -> bool:
    with parts.warehouse.read() as work:
        return organizations_behind(work)


def heard(parts: Parts, ago: timedelta, part: str = "") -> None:
    """Backdate the last change of the watermark of index, or of a part of it."""
    with parts.warehouse.write() as work:
        connection_of(work).exec_driver_sql(
            "UPDATE watermark SET updated_at = ? WHERE stage = 'index' AND part = ?",
            ((now() - ago).replace(tzinfo=None).isoformat(" "), part),
        )
        work.commit()


def test_processes_are_found_while_the_load_goes_on_and_organizations_once_it_ended(home: Parts) -> None:
    job_id = begin(home)
    assert home.search.count(Collection.PROCESSES) == 2
    assert (names(home), behind(home)) == (set(), True)
    drain(home)
    assert job_of(home, job_id).status == "succeeded"
    assert (names(home), behind(home)) == ({f"Buyer {n}" for n in range(SLICES)}, False)


def test_a_job_that_ends_while_others_go_on_has_its_organizations(home: Parts) -> None:
    single = submit(
        home,
        "single.json",
        lines([release("ocds-test01-single", parties=[{"id": "s", "name": "Buyer single", "roles": ["buyer"]}])]),
    )
    land(home, single)
    refine(home)
    publish(home)
    match(home)
    land(home, submit(home, "other.jsonl", lines([release("ocds-test01-other")])))
    index(home)
    assert job_of(home, single).status == "succeeded"
    assert names(home) == {"Buyer single"}


def test_a_job_whose_last_records_are_known_ends_with_its_organizations(home: Parts) -> None:
    new = release("ocds-test01-new", parties=[{"id": "n", "name": "Buyer new", "roles": ["buyer"]}])
    job_id = submit(home, "load.jsonl", lines([new, release("ocds-test01-first")]))
    land(home, job_id)
    refine(home)
    publish(home)
    match(home)
    land(home, submit(home, "other.jsonl", lines([release("ocds-test01-other")])))
    index(home)
    assert behind(home)
    while not job_of(home, job_id).landed:
        land(home, job_id)
    assert job_of(home, job_id).status == "running"
    drain(home)
    assert job_of(home, job_id).status == "succeeded"
    assert names(home) == {"Buyer new"}


def test_a_load_that_is_cancelled_half_way_has_the_organizations_of_what_was_landed(home: Parts) -> None:
    job_id = begin(home)
    cancel(home.warehouse, home.messages, job_id, "tester")
    drain(home)
    assert (names(home), behind(home)) == ({"Buyer 0", "Buyer 1"}, False)


def test_organizations_are_not_late_by_more_than_that_in_a_long_load(home: Parts) -> None:
    job_id = begin(home)
    refine(home)
    publish(home)
    match(home)
    land(home, job_id)
    heard(home, ORGANIZATIONS_MAX_DELAY * 2, ORGANIZATIONS_PART)
    index(home)
    assert names(home) == {"Buyer 0", "Buyer 1"}


def test_the_sweep_sends_index_where_only_organizations_are_behind(home: Parts) -> None:
    begin(home)
    refine(home)
    publish(home)
    match(home)
    with home.warehouse.write() as work:  # as if the last run began before publish ended, and its message was lost
        connection_of(work).exec_driver_sql(
            "UPDATE watermark SET silver_batch = (SELECT max(silver_batch) FROM watermark)"
            " WHERE stage = 'index' AND part = ''"
        )
        connection_of(work).exec_driver_sql(
            "UPDATE watermark SET seq = (SELECT max(seq) FROM watermark) WHERE stage = 'refine'"
        )
        work.commit()
    messages(home).waiting.clear()
    heard(home, IDLE_DURATION * 2)
    assert ("index",) in sweep(home)
    index(home)
    assert (names(home), behind(home)) == ({"Buyer 0", "Buyer 1"}, False)


def test_verify_waits_for_organizations(home: Parts, tmp_path: Path) -> None:
    with home.warehouse.write() as work:
        connection_of(work).exec_driver_sql(
            "UPDATE watermark SET silver_batch = 0 WHERE part = ?", (ORGANIZATIONS_PART,)
        )
        work.commit()
    settings = Settings(data_dir=tmp_path / "home")
    with scratch_installation(settings, home) as aside, pytest.raises(ConflictError, match="stages are behind"):
        list(verify(home, aside))
    drain(home)
    index(home)
    with scratch_installation(settings, home) as aside:
        assert list(verify(home, aside)) == []


def test_search_that_was_lost_gets_its_organizations_back(home: Parts) -> None:
    begin(home)
    drain(home)
    for collection in Collection:
        home.search.write(collection, [], [str(one["id"]) for one in home.search.scan(collection)])
    assert index_again_if_lost(home.warehouse, home.search)
    index(home)
    assert names(home) == {f"Buyer {n}" for n in range(SLICES)}


def test_organizations_that_alone_were_lost_come_back_alone(home: Parts) -> None:
    begin(home)
    drain(home)
    home.search.clear(Collection.ORGANIZATIONS)
    with home.warehouse.read() as work:
        indexed = work.watermarks.get("index").silver_batch
    assert index_again_if_lost(home.warehouse, home.search)
    with home.warehouse.read() as work:
        assert (
            work.watermarks.get("index").silver_batch,
            work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch,
        ) == (indexed, 0)
    assert not index_again_if_lost(home.warehouse, home.search)  # already known
    heard(home, IDLE_DURATION * 2)
    assert ("index",) in sweep(home)
    index(home)
    assert (names(home), behind(home)) == ({f"Buyer {n}" for n in range(SLICES)}, False)
    assert not index_again_if_lost(home.warehouse, home.search)


def test_organizations_wait_for_match_and_jobs_wait_for_them(home: Parts) -> None:
    said = release("ocds-test01-one", parties=[{"id": "b", "name": "Buyer one", "roles": ["buyer"]}])
    job_id = submit(home, "load.jsonl", lines([said]))
    land(home, job_id)
    refine(home)
    publish(home)
    index(home)
    assert (names(home), behind(home), job_of(home, job_id).status) == (set(), True, "running")
    index(home)  # nothing is due
    match(home)
    index(home)
    assert (names(home), behind(home), job_of(home, job_id).status) == ({"Buyer one"}, False, "succeeded")
