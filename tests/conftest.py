"""Fixtures that any test may use. The warehouse is migrated once a session; each test gets a copy of the file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.ports.parts import Parts
from tests.support import lake_in

settings.register_profile("tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


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
