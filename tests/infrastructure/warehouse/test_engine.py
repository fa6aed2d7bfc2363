"""SQLite writers wait for their turn: polling at first, then by SQLite's timeout, finally with an error."""

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from domain.shared.errors import UnavailableError
from infrastructure.warehouse import engine
from infrastructure.warehouse.engine import SqlWarehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[SqlWarehouse]:
    made = SqlWarehouse(f"sqlite:///{tmp_path}/w.db")
    with made.write() as work:
        work.connection.exec_driver_sql("CREATE TABLE t (n INTEGER)")
        work.commit()
    yield made
    made.close()


def add(warehouse: SqlWarehouse, number: int) -> None:
    with warehouse.write() as work:
        (last,) = work.connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM t").one()
        work.connection.exec_driver_sql("INSERT INTO t VALUES (?)", (last + number,))
        work.commit()


@pytest.mark.parametrize("closely", [2.0, 0.0])
def test_a_writer_waits_for_its_turn_and_then_reads_what_the_one_before_wrote(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch, closely: float
) -> None:
    monkeypatch.setattr(engine, "WRITER_POLL_SECONDS", closely)
    with warehouse.write() as first:
        first.connection.exec_driver_sql("INSERT INTO t VALUES (40)")
        waiting = threading.Thread(target=add, args=(warehouse, 2))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        first.commit()
    waiting.join(10)
    with warehouse.read() as work:
        assert work.connection.exec_driver_sql("SELECT n FROM t ORDER BY n").scalars().all() == [40, 42]


def test_many_writers_lose_nothing(warehouse: SqlWarehouse) -> None:
    def add_often() -> None:
        for _ in range(25):
            add(warehouse, 1)

    threads = [threading.Thread(target=add_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with warehouse.read() as work:
        assert work.connection.exec_driver_sql("SELECT count(*), max(n) FROM t").one() == (100, 100)


def test_a_writer_with_priority_comes_between_long_transactions_of_others(warehouse: SqlWarehouse) -> None:
    order: list[str] = []

    def write_at_length() -> None:
        for _ in range(12):
            with warehouse.write() as work:
                work.connection.exec_driver_sql("INSERT INTO t VALUES (1)")
                order.append("stage")
                time.sleep(2 * engine.LONG_TRANSACTION_SECONDS)
                work.commit()

    stage = threading.Thread(target=write_at_length)
    with closing(SqlWarehouse(warehouse.url, priority=True)) as api:
        stage.start()
        while stage.is_alive():
            add(api, 1)
            order.append("api")
            time.sleep(engine.PAUSE_SECONDS)
    longest = max(len(run) for run in "".join("s" if one == "stage" else " " for one in order).split())
    assert longest <= 2, order


def test_a_turn_that_does_not_come_is_an_error_and_the_next_one_may_come(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WRITER_POLL_SECONDS", 0.02)
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    with warehouse.write() as first:
        first.connection.exec_driver_sql("DELETE FROM t")
        with pytest.raises(OperationalError, match="locked"):
            add(warehouse, 1)
    add(warehouse, 1)
    with warehouse.read() as work:
        assert work.connection.exec_driver_sql("SELECT n FROM t").scalars().all() == [1]


def in_its_file(warehouse: SqlWarehouse, folder: Path) -> int:
    """Rows in the database file, without its write-ahead log."""
    alone = folder / "alone.db"
    shutil.copy(str(warehouse.engine.url.database), alone)
    with closing(sqlite3.connect(alone)) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_a_long_log_is_tidied_beside_a_writer_and_a_reader(
    warehouse: SqlWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.vacuum()
    for number in range(20):
        add(warehouse, number)
    warehouse.checkpoint_log()
    assert in_its_file(warehouse, tmp_path) == 0  # below the limit
    monkeypatch.setattr(engine, "LOG_CHECKPOINT_PAGES", 10)
    with warehouse.read() as reading, warehouse.write() as writing:
        assert reading.connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 20
        writing.connection.exec_driver_sql("INSERT INTO t VALUES (1000)")
        warehouse.checkpoint_log()
        assert in_its_file(warehouse, tmp_path) == 20
        writing.commit()
        assert reading.connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 20
    warehouse.checkpoint_log()
    assert in_its_file(warehouse, tmp_path) == 21


def test_what_is_scrubbed_is_gone_from_the_log_too_or_it_is_an_error(
    warehouse: SqlWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Path(f"{warehouse.engine.url.database}-wal")
    add(warehouse, 1)
    warehouse.vacuum()
    assert log.stat().st_size == 0
    monkeypatch.setattr(engine, "VACUUM_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    impatient = SqlWarehouse(warehouse.url)
    with warehouse.read() as reading:
        assert reading.connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one() == 1
        add(warehouse, 1)
        with pytest.raises(UnavailableError, match="log open"):
            impatient.vacuum()
    impatient.vacuum()
    impatient.close()
    assert log.stat().st_size == 0
