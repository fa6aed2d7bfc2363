"""What is opened to read can't write, on either database, and leaves nothing behind in the pool."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import create
from tests.factories import JobFactory


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlWarehouse]:
    """An empty warehouse of each kind."""
    url = f"sqlite:///{tmp_path}/w.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("database")
    else:
        create(url)
    opened = SqlWarehouse(url)
    yield opened
    opened.close()


def test_a_reader_is_refused_to_write_and_reads_on_afterwards(warehouse: SqlWarehouse) -> None:
    with warehouse.read() as work, pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        work.jobs.add(JobFactory.build(id="one"))
    with warehouse.read() as work:
        assert work.jobs.get("one") is None
        assert work.jobs.by_status() == {}


def test_a_reader_is_refused_behind_a_writer_too(warehouse: SqlWarehouse) -> None:
    with warehouse.write() as work:
        work.jobs.add(JobFactory.build(id="one"))
        work.commit()
        used = work.connection.connection.driver_connection
    with warehouse.read() as work:
        assert work.connection.connection.driver_connection is used
        with pytest.raises(DBAPIError, match=r"(?i)read-?only"):
            work.webhooks.remove("none")


def test_a_writer_that_gets_the_connection_of_a_reader_can_write(warehouse: SqlWarehouse) -> None:
    with warehouse.read() as work:
        assert work.jobs.get("one") is None
        used = work.connection.connection.driver_connection
    with warehouse.write() as work:
        assert work.connection.connection.driver_connection is used
        work.jobs.add(JobFactory.build(id="one"))
        work.commit()
        work.jobs.add(JobFactory.build(id="two"))  # the transaction after a commit is a writer's as well
        work.commit()
    with warehouse.read() as work:
        assert len(work.jobs.get_many(["one", "two"])) == 2


def test_vacuum_works_on_the_connection_of_a_reader(warehouse: SqlWarehouse) -> None:
    with warehouse.read() as work:
        assert work.quick_check() == "ok"
    warehouse.vacuum()
    warehouse.checkpoint_log()
    with warehouse.read() as work, pytest.raises(DBAPIError, match=r"(?i)read-?only"):
        work.jobs.add(JobFactory.build(id="one"))
