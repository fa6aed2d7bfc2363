"""Migrations make the tables that the code describes, once; and a newer database is left alone."""

import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from loguru import logger
from sqlalchemy import Engine, inspect, select
from sqlmodel import SQLModel

from domain.shared.errors import StartupError
from domain.shared.surrogate_keys import OWN_BITS
from domain.star.model import UNKNOWN_ORGANIZATION
from infrastructure.warehouse.engine import SqlWarehouse, make_engine
from infrastructure.warehouse.migrate import create, current, head, stop_when_outdated, upgrade, wait_until_current
from infrastructure.warehouse.postgresql import Timeouts
from infrastructure.warehouse.star.gold_tables import gold_table
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.pipeline.backlog import ORGANIZATIONS_PART, organizations_behind
from services.ports.parts import Parts
from services.ports.secrets import PlainTextCipher
from services.shared.clock import now
from services.webhooks.outbox import enqueue
from tests.cli.up.conftest import until
from tests.support import (
    back_to,
    drain,
    lake_over,
    lines,
    load,
    messages,
    move_state_there_and_back,
    release,
    rows,
    verified,
)


def engine_of(parts: Parts) -> Engine:
    assert isinstance(parts.warehouse, SqlWarehouse)
    return parts.warehouse.engine


def test_the_migrated_tables_are_those_of_the_models(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_tables_made_at_once_are_those_that_were_migrated(lake_home: Parts, tmp_path: Path) -> None:
    create(f"sqlite:///{tmp_path / 'once.db'}")
    with lake_over(tmp_path, SqlWarehouse(f"sqlite:///{tmp_path / 'once.db'}")) as once:
        tables = [sorted(inspect(engine_of(parts)).get_table_names()) for parts in (once, lake_home)]
        assert [*tables[0], "alembic_version"] == sorted(tables[1], key=lambda name: (name == "alembic_version", name))
        with engine_of(once).connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
        assert rows(once, "dim_date") == rows(lake_home, "dim_date")
        assert rows(once, "dim_organization") == rows(lake_home, "dim_organization")


def test_migrating_again_keeps_everything(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release(tender={"title": "stays"})]))
    upgrade(lake_home.warehouse.url)
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["stays"]
    assert current(lake_home.warehouse.url) == head(lake_home.warehouse.url)


def test_a_new_warehouse_has_its_calendar_and_the_unknown_organisation(lake_home: Parts) -> None:
    assert len(rows(lake_home, "dim_date")) == 29_220
    assert [row["organization_key"] for row in rows(lake_home, "dim_organization")] == [UNKNOWN_ORGANIZATION]


def test_a_database_of_a_newer_version_is_refused_and_left_alone(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.write() as work:
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        work.commit()
    with pytest.raises(StartupError, match="newer version"):
        upgrade(lake_home.warehouse.url)
    assert current(lake_home.warehouse.url) == "9999"


def test_keys_of_facts_are_moved_beside_those_of_their_process(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    item = {"id": "1", "description": "desks"}
    said: dict[str, Any] = {
        "tender": {"items": [item]},
        "awards": [{"id": "a", "items": [item]}],
        "contracts": [{"id": "c", "awardID": "a"}],
    }
    load(lake_home, "a.jsonl", lines([release(**said)]))
    facts = {"fact_award": "award_key", "fact_contract": "contract_key", "fact_item": "item_key"}
    wanted = {fact: sorted(row[key] for row in rows(lake_home, fact)) for fact, key in facts.items()}
    back_to(lake_home.warehouse.url, "0006")
    with lake_home.warehouse.write() as work:  # as the revision before had them: all their bits were their own
        for fact, key in facts.items():
            work.connection.exec_driver_sql(f"UPDATE {fact} SET {key} = {key} & {OWN_BITS}")
        work.commit()
    upgrade(lake_home.warehouse.url)
    assert {fact: sorted(row[key] for row in rows(lake_home, fact)) for fact, key in facts.items()} == wanted
    assert {fact: len(keys) for fact, keys in wanted.items()} == {"fact_award": 1, "fact_contract": 1, "fact_item": 2}
    (process,) = rows(lake_home, "fact_process")
    assert {key & ~OWN_BITS for keys in wanted.values() for key in keys} == {process["process_key"] & ~OWN_BITS}


def test_rows_of_dimensions_are_dated_by_the_migration(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release(tender={"value": {"amount": 5, "currency": "EUR"}})]))
    back_to(lake_home.warehouse.url, "0021")
    before = now()
    upgrade(lake_home.warehouse.url)
    for name in ("dim_currency", "dim_organization", "dim_date", "dim_indicator"):
        updated_at = gold_table(name).c.updated_at
        with engine_of(lake_home).connect() as connection:
            (instant,) = connection.execute(select(updated_at).distinct()).scalars()
        assert before <= instant <= now(), name


def test_organizations_were_indexed_as_far_as_processes(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release()]))
    back_to(lake_home.warehouse.url, "0007")
    upgrade(lake_home.warehouse.url)
    messages(lake_home).send("match")  # as the sweep does
    drain(lake_home)
    with lake_home.warehouse.read() as work:
        assert not organizations_behind(work)
        assert (
            work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch
            == work.watermarks.get("index").silver_batch
            == 1
        )


def test_deliveries_that_wait_get_their_host(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    urls = ["https://a.example/hook?x", "http://B.example", "http://127.0.0.1:8190/hook"]
    with lake_home.warehouse.write() as work:
        for url in urls:
            enqueue(work, url=url, secret="s" * 16, event="test", payload={}, ref="thing")
        work.commit()
    made = rows(lake_home, "delivery")
    assert [(row["url"], row["host"]) for row in made] == list(
        zip(urls, ["a.example:443", "b.example:80", "127.0.0.1:8190"], strict=True)
    )
    assert len({row["url_hash"] for row in made}) == 3
    older = ", ".join(made[0].keys() - {"url_hash", "host", "lease_until"})
    with lake_home.warehouse.write() as work:  # aside: a database with secrets can't go back
        work.connection.exec_driver_sql(f"CREATE TABLE aside AS SELECT {older} FROM delivery")
        work.connection.exec_driver_sql("DELETE FROM delivery")
        work.commit()
    back_to(lake_home.warehouse.url, "0009")
    with lake_home.warehouse.write() as work:
        work.connection.exec_driver_sql(f"INSERT INTO delivery ({older}) SELECT {older} FROM aside")
        work.commit()
    upgrade(lake_home.warehouse.url, seals=PlainTextCipher())
    assert rows(lake_home, "delivery") == made


def test_batches_of_before_there_were_leases_have_none(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release()]))
    back_to(lake_home.warehouse.url, "0012")
    upgrade(lake_home.warehouse.url)
    with lake_home.warehouse.read() as work:
        assert work.connection.exec_driver_sql("SELECT status, worker, leased_until FROM batch").all() == [
            ("committed", "", None)
        ]
    assert load(lake_home, "b.jsonl", lines([release("ocds-test01-2")])).counts.accepted == 1


def test_state_that_was_kept_as_watermarks_and_as_texts_gets_tables_of_its_own(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release()]))
    move_state_there_and_back(lake_home.warehouse)


def test_organizations_of_before_matching_are_themselves(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release(buyer={"id": "b", "name": "Town of Ayr"})]))
    before = rows(lake_home, "dim_organization")
    back_to(lake_home.warehouse.url, "0014")
    upgrade(lake_home.warehouse.url)
    assert rows(lake_home, "dim_organization") == before
    assert {row["organization_id"]: row["identity"] for row in before} == {
        "unknown": "unknown",
        "ocds-test01:town-of-ayr": "ocds-test01:town-of-ayr",
    }


def test_bids_payments_and_amendments_come_with_a_rebuild_after_the_migration(lake_home: Parts, tmp_path: Path) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    one = release(
        bids={"details": [{"id": "1"}]},
        awards=[{"id": "a", "status": "pending"}],
        contracts=[{"id": "c", "amendments": [{"id": "1"}], "implementation": {"transactions": [{"id": "1"}]}}],
    )
    load(lake_home, "a.jsonl", lines([one]))
    facts = ("fact_process", "fact_bid", "fact_transaction", "fact_amendment")
    made = {fact: [row | {"silver_batch": 0} for row in rows(lake_home, fact)] for fact in facts}
    assert {fact: len(found) for fact, found in made.items()} == dict.fromkeys(facts, 1)
    back_to(lake_home.warehouse.url, "0014")
    upgrade(lake_home.warehouse.url)
    counts = [(row["title"], row["bids"], row["transactions"], row["amendments"]) for row in rows(lake_home, facts[0])]
    assert counts == [(made["fact_process"][0]["title"], 0, 0, 0)]
    assert not rows(lake_home, "fact_bid")
    assert {row["counts"] for row in rows(lake_home, "dim_status")} == {None}
    rebuild_silver(lake_home)
    rebuild_gold(lake_home)  # counts uses again: the downgrade has removed facts behind their back
    assert {fact: [row | {"silver_batch": 0} for row in rows(lake_home, fact)] for fact in facts} == made
    counted = {row["of"]: row["counts"] for row in rows(lake_home, "dim_status")}
    assert counted == {"process": None, "award": False, "contract": True, "bid": None}
    assert verified(lake_home, tmp_path / "home") == []


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert current(url) is None
    engine = make_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


@pytest.fixture
def newer(migrated: Path, tmp_path: Path) -> str:
    """The URL of a database that a newer version has migrated."""
    shutil.copy(migrated, tmp_path / "warehouse.db")
    with sqlite3.connect(tmp_path / "warehouse.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    return f"sqlite:///{tmp_path / 'warehouse.db'}"


def test_an_older_process_waits_at_a_newer_database_and_says_so_once(newer: str) -> None:
    lines: list[str] = []
    handler = logger.add(lambda message: lines.append(message.record["message"]), level="INFO")
    stop = threading.Event()
    waiting = threading.Thread(target=wait_until_current, args=(newer, Timeouts(), stop))
    waiting.start()
    until(lambda: bool(lines))
    waiting.join(0.5)
    assert waiting.is_alive()
    stop.set()
    waiting.join()
    logger.remove(handler)
    assert len(lines) == 1
    assert "newer version" in lines[0]
    assert "9999" in lines[0]


def test_under_the_launcher_only_the_api_says_that_the_database_is_newer(newer: str) -> None:
    lines: list[tuple[str, str]] = []
    handler = logger.add(lambda message: lines.append((message.record["level"].name, message.record["message"])))
    stop = threading.Event()
    waiting = threading.Thread(target=wait_until_current, args=(newer, Timeouts(), stop), kwargs={"quiet": True})
    waiting.start()
    until(lambda: bool(lines))
    stop.set()
    waiting.join()
    logger.remove(handler)
    assert {level for level, line in lines if "newer version" in line} == {"DEBUG"}


def test_a_running_worker_stops_when_a_newer_version_has_migrated_the_database(newer: str, migrated: Path) -> None:
    stop = threading.Event()
    stop_when_outdated(newer, Timeouts(), stop, seconds=0.01)
    assert stop.is_set()
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    stop_when_outdated(f"sqlite:///{migrated}", Timeouts(), stop, seconds=0.01)  # returns with the timer alone
    with pytest.raises(StartupError, match="newer version"):
        upgrade(newer)
