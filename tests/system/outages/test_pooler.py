"""A PostgreSQL that is away or frozen behind a pooler, which goes on taking connections."""

import shutil
import time
from collections.abc import Iterator

import pytest

from domain.shared.errors import AwayError
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.postgresql import Timeouts
from script.pgbouncer import PgBouncer
from script.servers import PostgreSQL
from tests.database_server import need
from tests.system.outages.test_postgresql import ask, seconds_of


@pytest.fixture
def warehouse(postgresql: PostgreSQL) -> Iterator[SqlWarehouse]:
    need(shutil.which("pgbouncer"), package="pgbouncer")
    pooler = PgBouncer(f"postgresql://127.0.0.1:{postgresql.port}", {"tester": "x"})
    pooler.start()
    made = SqlWarehouse(f"postgresql://tester:x@{pooler.address}/postgres", Timeouts(connect_seconds=2))
    yield made
    made.close()
    pooler.remove()


@pytest.mark.parametrize("kind", ["frozen", "stopped"])
def test_waits_for_a_server_behind_a_pooler_end_and_work_goes_on_afterwards(
    postgresql: PostgreSQL, warehouse: SqlWarehouse, said: list[str], kind: str
) -> None:
    assert ask(warehouse) == 1
    postgresql.freeze() if kind == "frozen" else postgresql.stop()
    assert seconds_of(lambda: ask(warehouse), AwayError) < 10
    assert seconds_of(lambda: ask(warehouse), AwayError) < 0.2
    postgresql.thaw() if kind == "frozen" else postgresql.start()
    begun = time.monotonic()
    warehouse.wait(30)
    assert time.monotonic() - begun < 5
    assert ask(warehouse) == 1
    assert [line.split(" since")[0].split(" after")[0] for line in said] == ["PostgreSQL is away", "PostgreSQL is back"]
