"""PostgreSQL holds the same gold as SQLite: the scratch place of verify is SQLite, so that verifying compares the two
row for row.
"""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from domain.shared.errors import LostRaceError
from infrastructure.warehouse.migrate import current, head, upgrade
from seeds.files import bundled
from services.maintenance.rebuild import rebuild_gold
from services.ports.parts import Parts
from services.shared.clock import now
from services.star.processes import ProcessFilters, list_processes
from services.star.rows import RowRequest, list_rows
from tests.services.pipeline.publishing.test_deletions import FULL
from tests.support import drain, gold, job_of, lines, load, release, submit, verified


def test_the_seeds_make_the_same_gold_on_postgresql(lake_on_postgres: Parts, tmp_path: Path) -> None:
    for path in bundled():
        submit(lake_on_postgres, path.name, path.read_bytes())
    drain(lake_on_postgres)
    assert verified(lake_on_postgres, tmp_path / "home") == []
    page, following = list_processes(lake_on_postgres.warehouse, ProcessFilters(), "-amount", None, 20)
    assert len(page) == 20
    assert following is not None
    amounts = [one.amount for one in page if one.amount is not None]
    assert amounts == sorted(amounts, reverse=True)


@pytest.mark.slow
def test_a_rebuild_and_the_readers_work_on_postgresql(lake_on_postgres: Parts, tmp_path: Path) -> None:
    load(
        lake_on_postgres,
        "a.jsonl",
        lines([release("ocds-test01-1", **FULL), release("ocds-test01-2", tender={"title": "other"})]),
    )
    before = gold(lake_on_postgres)
    assert rebuild_gold(lake_on_postgres) == 2
    assert gold(lake_on_postgres) == before
    rows, _ = list_rows(
        lake_on_postgres.warehouse,
        "fact",
        "award",
        RowRequest([("currency.code", "CHF"), ("buyer.name__prefix", "North")], "-amount"),
        None,
        10,
    )
    assert [row["amount"] for row in rows] == [4.0]
    assert verified(lake_on_postgres, tmp_path / "home") == []


def test_migrating_postgresql_again_changes_nothing(empty_database: str) -> None:
    upgrade(empty_database)
    upgrade(empty_database)
    assert current(empty_database) == head(empty_database)


def test_writers_take_turns_so_that_no_two_batches_get_one_place_in_the_log(lake_on_postgres: Parts) -> None:
    jobs = [submit(lake_on_postgres, f"{n}.jsonl", lines([release(f"ocds-test01-{n}")])) for n in range(8)]
    threads = [threading.Thread(target=_land, args=(lake_on_postgres, job)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(lake_on_postgres)
    with lake_on_postgres.warehouse.read() as work:
        assert sorted(work.batches.sequence().values()) == list(range(1, 9))
    assert {str(job_of(lake_on_postgres, job).status) for job in jobs} == {"succeeded"}


def _land(parts: Parts, job: str) -> None:
    from services.pipeline.landing.land import land

    land(parts, job)


def test_a_nul_character_never_reaches_postgresql(lake_on_postgres: Parts) -> None:
    text: dict[str, Any] = release(tender={"title": "a\u0000b"})
    job = load(lake_on_postgres, "a.jsonl", json.dumps(text).encode())
    assert (job.status, job.counts.accepted) == ("succeeded", 1)
    broken = load(lake_on_postgres, "b\u0000.jsonl", b'{"ocid": "\\u0000"}\n{"id": "\\u0000 no date"')
    assert broken.counts.quarantined == 2


def test_a_moved_watermark_is_a_lost_race_on_postgresql(lake_on_postgres: Parts) -> None:
    with lake_on_postgres.warehouse.write() as work:
        mark = work.watermarks.start("refine", now())
        work.commit()
    with lake_on_postgres.warehouse.write() as work:
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"seq": 1}), now())
        work.commit()
    with lake_on_postgres.warehouse.write() as work, pytest.raises(LostRaceError):
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"seq": 2}), now())
