"""Everything works through a pooler in transaction mode, whose few connections serve many clients in turn."""

import shutil
from collections.abc import Iterator

import pytest

from domain.shared.errors import UnavailableError
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import current, head, upgrade
from infrastructure.warehouse.postgresql import Timeouts
from script.pgbouncer import PgBouncer
from tests.database_server import PASSWORD, ROLE, DatabaseServer, need
from tests.infrastructure.warehouse.postgresql import test_jobs, test_marts, test_same_gold
from tests.infrastructure.warehouse.postgresql.test_jobs import whole

__all__ = ["whole"]

# The same tests as without a pooler, over this module's `database`
test_a_purge_works = test_jobs.test_after_a_purge_no_row_tells_of_what_was_erased
test_every_stage_and_rebuild_works = test_jobs.test_the_seeds_are_loaded_and_every_layer_is_rebuilt
test_a_materialised_view_is_refreshed = test_marts.test_the_market_is_a_materialised_view_with_the_rows_of_sqlite
test_writers_take_turns = test_same_gold.test_writers_take_turns_so_that_no_two_batches_get_one_place_in_the_log


@pytest.fixture(scope="module")
def pooler(server: DatabaseServer) -> Iterator[PgBouncer]:
    """A PgBouncer with fewer connections to the server than the tests open to it."""
    need(shutil.which("pgbouncer"), package="pgbouncer")
    running = PgBouncer(f"postgresql://{server.address}", {ROLE: PASSWORD})
    running.start()
    yield running
    running.remove()


@pytest.fixture
def database(server: DatabaseServer, template: str, pooler: PgBouncer) -> str:
    """The URL of a new, migrated database at the pooler."""
    return server.url(server.create(template), pooler.address)


def test_migrations_pass_through(server: DatabaseServer, pooler: PgBouncer) -> None:
    url = server.url(server.create(), pooler.address)
    upgrade(url)
    upgrade(url)
    assert current(url) == head(url)


def seconds_allowed(warehouse: SqlWarehouse) -> str:
    with warehouse.write() as work:
        found = work.connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
        work.commit()  # a rollback would undo also what is set for the session
    return str(found)


def test_a_time_limit_of_statements_holds_for_its_own_clients_alone(database: str) -> None:
    serving, working = SqlWarehouse(database, Timeouts(statement_seconds=0.5)), SqlWarehouse(database)
    for _ in range(8):
        assert (seconds_allowed(serving), seconds_allowed(working)) == ("500ms", "0")
    with serving.read() as work, pytest.raises(UnavailableError, match="too long"):
        work.connection.exec_driver_sql("SELECT pg_sleep(5)")
    with working.read() as work:
        work.connection.exec_driver_sql("SELECT pg_sleep(0.7)")
    serving.close()
    working.close()


def test_a_statement_that_comes_often_is_never_prepared(database: str) -> None:
    warehouses = [SqlWarehouse(database) for _ in range(3)]
    for number in range(40):
        with warehouses[number % 3].write() as work:  # psycopg forgets prepared statements at a rollback
            assert work.jobs.get("none") is None
            prepared = work.connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one()
            assert prepared == 0
            work.commit()
    for warehouse in warehouses:
        warehouse.close()
