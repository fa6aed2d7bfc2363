"""Fixtures that any test may use. The warehouse is migrated once a session; each test gets a copy of the file."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.ports.parts import Parts
from tests import databases, statement_cache
from tests.database_server import DatabaseServer, database_server
from tests.support import lake_in

statement_cache.share()
settings.register_profile("tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
LONG_TESTS = ("tests/system/", "tests/seeds/", "tests/cli/")  # last, they would keep one core busy and the others idle


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of the database that warehouses are in."""
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="what the warehouses of tests are in"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files of few long tests; skip the tests of SQLite itself where warehouses are in PostgreSQL."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_TESTS))
    if config.getoption("--database") == "postgresql":
        for item in items:
            if "sqlite" in item.keywords:
                item.add_marker(pytest.mark.skip("a test of SQLite itself"))


def pytest_collection_finish() -> None:
    """Have the garbage collector look less often, and never at modules: it took a twelfth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture(scope="session")
def server() -> Iterator[DatabaseServer]:
    """A running PostgreSQL."""
    with database_server() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: DatabaseServer) -> str:
    """The name of a migrated, empty database on the PostgreSQL; to be copied."""
    name = server.create()
    upgrade(server.url(name))
    return name


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Commands that a test calls in this process set a private umask: it ends with the test."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the warehouses of tests made in the database of the option `--database`."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    databases.SERVER = request.getfixturevalue("server")
    databases.TEMPLATE = request.getfixturevalue("template")
    yield
    databases.SERVER = None


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty warehouse; to be copied, not written."""
    path = tmp_path_factory.mktemp("migrated") / "warehouse.db"
    url = f"sqlite:///{path}"
    upgrade(url)
    warehouse = SqlWarehouse(url)
    with warehouse.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    warehouse.close()
    return path


@pytest.fixture
def lake_home(tmp_path: Path, migrated: Path) -> Iterator[Parts]:
    """A real lake, empty, in a temporary folder; its queue is in memory."""
    with lake_in(tmp_path / "home", migrated) as parts:
        yield parts
