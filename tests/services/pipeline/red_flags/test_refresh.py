"""Flags of a process follow its change at once; those that compare all data follow when all is published."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select, update

from domain.pipeline.watermark import Watermark
from domain.red_flags.refresh import evaluate_all
from domain.red_flags.settings import RedFlagSettings
from infrastructure.warehouse import migrate
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.ledger.tables import StageRunRow
from infrastructure.warehouse.repository import table
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.unit_of_work import SqlUnitOfWork
from services.maintenance.rebuild import rebuild_gold
from services.pipeline.red_flags import refresh
from services.pipeline.red_flags.refresh import recompute, red_flags
from services.ports.parts import Parts
from services.shared.clock import now
from tests.domain.red_flags.cases import bid, inputs_of, process
from tests.parameters import mostly_slow
from tests.services.pipeline.publishing.test_deletions import delete
from tests.services.pipeline.red_flags.support import flags, tendered
from tests.support import (
    STAGES,
    Killed,
    KillingWarehouse,
    back_to,
    connection_of,
    drain,
    lake_in,
    lines,
    load,
    messages,
    rows,
    submit,
    verified,
)

SPREAD = [tendered(str(second), 100, second) for second in (110, 111, 112, 190)]
FLAG = gold_table("fact_red_flag")


@pytest.fixture(name="parts")
def _parts(tmp_path: Path, migrated: Path) -> Iterator[Parts]:
    with lake_in(tmp_path / "home", migrated) as found:
        yield found


def due(parts: Parts) -> bool:
    with parts.warehouse.read() as work:
        return red_flags.due(parts, work)


def test_the_flags_of_a_process_are_published_with_it(parts: Parts) -> None:
    job_id = submit(parts, "1.jsonl", lines([tendered("1", 100, 110, numberOfTenderers=1)]))
    STAGES["land"](parts, job_id)
    STAGES["refine"](parts)
    STAGES["publish"](parts)
    assert flags(parts, "R018", "R028", "R035", "R058") == {
        ("R018", "1"): "flagged",
        ("R028", "1"): "not_flagged",
        ("R035", "1"): "not_flagged",
    }
    assert ("match",) in messages(parts).waiting
    drain(parts)
    assert flags(parts, "R058") == {("R058", "1"): "flagged"}  # alone, it is on the fence
    load(parts, "2.jsonl", lines([tendered("1", 100, 110) | {"date": "2024-02-01T00:00:00Z", "id": "2"}]))
    assert flags(parts, "R018") == {("R018", "1"): "not_flagged"}


def test_a_process_changes_the_results_of_others_that_are_compared_with_it(parts: Parts, tmp_path: Path) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    assert {name for (_, name), result in flags(parts, "R058").items() if result == "flagged"} == set()
    load(parts, "2.jsonl", lines([tendered(f"1{at}", 100, 111) for at in range(4)]))
    assert {name for (_, name), result in flags(parts, "R058").items() if result == "flagged"} == {"190"}
    assert verified(parts, tmp_path / "home") == []
    (row,) = [row for row in rows(parts, "dim_indicator") if row["code"] == "R058"]
    assert row["quartiles"][0]["subjects"] == 8
    delete(parts, [f"ocds-test01-1{at}:1" for at in range(4)])
    messages(parts).send("refine")
    drain(parts)
    assert {name for (_, name), result in flags(parts, "R058").items() if result == "flagged"} == set()
    assert verified(parts, tmp_path / "home") == []


def test_what_no_longer_has_a_process_leaves_the_flags(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD[:1]))
    assert flags(parts, "R038", "R048")
    delete(parts, ["ocds-test01-110:1"])
    messages(parts).send("refine")
    drain(parts)
    assert rows(parts, "fact_red_flag") == []


def test_a_run_writes_only_what_differs(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    load(parts, "2.jsonl", lines([tendered("112b", 100, 112)]))
    with parts.warehouse.read() as work:
        query = select(FLAG.c.ocid).where(FLAG.c.compares_all, FLAG.c.silver_batch == 2, FLAG.c.ocid.is_not(None))
        written = set(connection_of(work).execute(query).scalars())
    assert written == {"ocds-test01-112b"}


def test_changed_thresholds_are_applied_without_a_load(parts: Parts, tmp_path: Path) -> None:
    load(
        parts,
        "1.jsonl",
        lines([*SPREAD, tendered("short", 100, 120, procurementMethod="limited", numberOfTenderers=1)]),
    )
    assert flags(parts, "R018")["R018", "short"] == "not_flagged"
    chosen = {"R018": {"procurement_methods": ["limited"]}, "R058": {"threshold": 0.9}}
    changed = replace(parts, red_flags=RedFlagSettings.model_validate(chosen))
    assert not due(parts)
    assert due(changed)
    red_flags(changed)
    assert not due(changed)
    assert flags(parts, "R018")["R018", "short"] == "flagged"
    assert {name for (_, name), result in flags(parts, "R058").items() if result == "flagged"} == {"190"}
    assert verified(changed, tmp_path / "home") == []


def test_the_flags_of_a_warehouse_of_an_older_version_are_computed(parts: Parts, tmp_path: Path) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    before = rows(parts, "fact_red_flag")
    assert isinstance(parts.warehouse, SqlWarehouse)
    back_to(parts.warehouse.url, "0015")
    migrate.upgrade(parts.warehouse.url)
    assert rows(parts, "fact_red_flag") == []
    STAGES["match"](parts)
    assert due(parts)
    red_flags(parts)
    assert rows(parts, "fact_red_flag") == before
    rebuild_gold(parts)  # other tables are younger than that version, too
    STAGES["index"](parts)
    assert verified(parts, tmp_path / "home") == []


def test_organisations_that_matching_takes_for_one_count_as_one() -> None:
    identities = pl.DataFrame({"organization_id": ["a"], "identity": ["A"]})
    cases = [
        process("1", bids=[bid("A", status="disqualified")]),
        process("2", bids=[bid("a", status="disqualified"), bid("B")]),
    ]
    results, _ = evaluate_all(inputs_of(cases), identities, RedFlagSettings())
    found = results.filter(pl.col("indicator") == "R038", pl.col("role") == "tenderer")
    assert dict(found.select("organization_id", "value").iter_rows()) == {"A": 1.0, "B": 0.0}


def test_it_waits_until_all_that_was_uploaded_is_published(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD[:1]))
    submit(parts, "2.jsonl", lines(SPREAD[1:2]))
    with parts.warehouse.write() as work:
        recompute(work)
        work.commit()
    assert not due(parts)
    drain(parts)
    assert not due(parts)
    assert set(flags(parts, "R058")) == {("R058", "110"), ("R058", "111")}


def test_it_pauses_after_a_long_run(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD[:1]))
    run = table(StageRunRow)
    with parts.warehouse.write() as work:
        times = {"started_at": now() - timedelta(seconds=20), "finished_at": now() - timedelta(seconds=10)}
        connection_of(work).execute(update(run).where(run.c.stage == "red_flags").values(**times))
        recompute(work)
        work.commit()
    assert not due(parts)
    with parts.warehouse.write() as work:
        times = {"started_at": now() - timedelta(seconds=120), "finished_at": now() - timedelta(seconds=110)}
        connection_of(work).execute(update(run).where(run.c.stage == "red_flags").values(**times))
        work.commit()
    assert due(parts)


@pytest.mark.parametrize("allowed", mostly_slow(range(1, 5), in_each_run=[1, 3]))
def test_a_killed_run_is_repeated(parts: Parts, tmp_path: Path, allowed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "SLICE_ROWS", 4)
    load(parts, "1.jsonl", lines(SPREAD[:1]))
    job_id = submit(parts, "2.jsonl", lines(SPREAD[1:]))
    for stage in (("land", job_id), ("refine",), ("publish",), ("match",)):
        STAGES[stage[0]](parts, *stage[1:])
    assert isinstance(parts.warehouse, SqlWarehouse)
    warehouse = KillingWarehouse(parts.warehouse.url, allowed)
    with suppress(Killed):
        red_flags(replace(parts, warehouse=warehouse))
    warehouse.close()
    assert due(parts)
    drain(parts)
    assert verified(parts, tmp_path / "home") == []


class MovingWarehouse(SqlWarehouse):
    """A warehouse in which publish moves on before the second write transaction: the first that writes flags."""

    writes = 0

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        self.writes += 1
        if self.writes == 2:
            with super().write() as work:
                mark = work.watermarks.get("publish")
                work.watermarks.compare_and_swap(mark, mark.model_copy(update={"done": 1}), now())
                work.commit()
        with super().write() as work:
            yield work


def test_a_run_loses_to_a_publish_that_moves_on_meanwhile(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    before = rows(parts, "fact_red_flag")
    with parts.warehouse.write() as work:
        recompute(work)
        connection_of(work).execute(FLAG.delete().where(FLAG.c.compares_all))
        work.commit()
    assert isinstance(parts.warehouse, SqlWarehouse)
    warehouse = MovingWarehouse(parts.warehouse.url)
    red_flags(replace(parts, warehouse=warehouse))
    warehouse.close()
    assert not [row for row in rows(parts, "fact_red_flag") if row["compares_all"]]
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("publish")
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"done": 0}), now())
        work.commit()
    assert due(parts)
    red_flags(parts)
    assert rows(parts, "fact_red_flag") == before


def test_it_gives_up_until_publish_moves_on(parts: Parts) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    with parts.warehouse.write() as work:
        recompute(work)
        work.commit()
    with parts.warehouse.read() as work:
        mark: Watermark = work.watermarks.get("red_flags")
    red_flags.give_up(parts, mark, "tried")
    assert not due(parts)


@pytest.mark.slow
def test_a_rebuild_of_gold_makes_the_flags_again(parts: Parts, tmp_path: Path) -> None:
    load(parts, "1.jsonl", lines(SPREAD))
    before = rows(parts, "fact_red_flag")
    with parts.warehouse.write() as work:
        connection_of(work).execute(update(FLAG).values(result="wrong", value=7))
        work.commit()
    assert verified(parts, tmp_path / "home") != []
    rebuild_gold(parts)
    assert rows(parts, "fact_red_flag") == before
