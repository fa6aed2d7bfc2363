"""The marts on PostgreSQL: the same rows as on SQLite, one of them a materialised view that a stage refreshes."""

from pathlib import Path

import pytest

from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.maintenance.rebuild import rebuild_gold
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from tests.services.marts.test_marts import FIRST, PROCESSES, award, mart, process
from tests.support import STAGES, back_to, connection_of, drain, lines, load, messages, submit, verified

MARKET = ("division", "region", "year", "awards", "amount_base", "buyers", "suppliers")
ROWS = [("45", "Leeds", 2023, 1, None, 1, 1), ("45", "Leeds", 2024, 3, 450.0, 1, 2)]


def test_the_market_is_a_materialised_view_with_the_rows_of_sqlite(lake_on_postgres: Parts, tmp_path: Path) -> None:
    load(lake_on_postgres, "a.jsonl", lines(PROCESSES))
    with lake_on_postgres.warehouse.read() as work:
        views = connection_of(work).exec_driver_sql("SELECT matviewname FROM pg_matviews").scalars().all()
    assert views == ["mart_market"]
    assert mart(lake_on_postgres, "market", *MARKET) == ROWS
    assert verified(lake_on_postgres, tmp_path / "home") == []
    rebuild_gold(lake_on_postgres)
    drain(lake_on_postgres)
    assert mart(lake_on_postgres, "market", *MARKET) == ROWS
    assert verified(lake_on_postgres, tmp_path / "home") == []


def test_the_view_follows_after_match_and_says_as_of_when_it_is(lake_on_postgres: Parts) -> None:
    load(lake_on_postgres, "a.jsonl", lines(PROCESSES))
    with lake_on_postgres.warehouse.read() as work:
        before = work.marts.as_of()
    submit(lake_on_postgres, "b.jsonl", lines([process(7, award("2024-03-01T00:00:00Z", 1, FIRST))]))
    for name in ("land", "refine", "publish", "match"):
        message = next(one for one in messages(lake_on_postgres).waiting if one[0] == name)
        STAGES[name](lake_on_postgres, *message[1:])
    with lake_on_postgres.warehouse.read() as work:
        after, stale = work.marts.as_of(), work.marts.stale_views()
    assert list(stale) == ["mart_market"]
    assert after["mart_market"] == before["mart_market"]
    assert after["mart_spend"] > before["mart_spend"]  # type: ignore[operator]
    assert ("marts",) in messages(lake_on_postgres).waiting
    messages(lake_on_postgres).waiting.clear()
    assert ("marts",) in sweep(lake_on_postgres)  # a lost message costs seconds only
    drain(lake_on_postgres)
    assert [row[3] for row in mart(lake_on_postgres, "market", *MARKET)] == [1, 4]
    with lake_on_postgres.warehouse.read() as work:
        assert work.marts.as_of()["mart_market"] > after["mart_spend"]  # type: ignore[operator]


def test_a_change_during_a_refresh_leaves_the_view_stale(lake_on_postgres: Parts) -> None:
    load(lake_on_postgres, "a.jsonl", lines(PROCESSES))
    with lake_on_postgres.warehouse.write() as work:
        work.marts.note_change("mart_market")
        work.commit()
    with lake_on_postgres.warehouse.write() as work:
        (changes,) = work.marts.stale_views().values()
        work.marts.note_change("mart_market")
        work.marts.set_refreshed(work.marts.as_of()["mart_market"], "mart_market", changes)  # type: ignore[arg-type]
        assert list(work.marts.stale_views()) == ["mart_market"]


@pytest.mark.parametrize("revision", ["0014"])
def test_the_marts_are_created_in_a_database_with_data(lake_on_postgres: Parts, tmp_path: Path, revision: str) -> None:
    assert isinstance(lake_on_postgres.warehouse, SqlWarehouse)
    load(lake_on_postgres, "a.jsonl", lines(PROCESSES))
    back_to(lake_on_postgres.warehouse.url, revision)
    upgrade(lake_on_postgres.warehouse.url)
    assert mart(lake_on_postgres, "market", *MARKET) == []
    rebuild_gold(lake_on_postgres)
    drain(lake_on_postgres)
    assert mart(lake_on_postgres, "market", *MARKET) == ROWS
    assert verified(lake_on_postgres, tmp_path / "home") == []
