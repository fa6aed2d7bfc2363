"""Databases on the PostgreSQL of the session, copies of one that is migrated once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from domain.users.user import Role
from infrastructure.bootstrap import bootstrap
from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from tests.api.conftest import Api, Kept, settings_of
from tests.applications import application, put_user
from tests.database_server import DatabaseServer
from tests.support import lake_over


@pytest.fixture
def empty_database(server: DatabaseServer) -> str:
    """The URL of a new database without tables."""
    return server.url(server.create())


@pytest.fixture
def database(server: DatabaseServer, template: str) -> str:
    """The URL of a new, migrated database."""
    return server.url(server.create(template))


@pytest.fixture
def lake_on_postgres(tmp_path: Path, database: str) -> Iterator[Parts]:
    """A real lake whose warehouse is a PostgreSQL."""
    with lake_over(tmp_path / "home", SqlWarehouse(database)) as parts:
        yield parts


@pytest.fixture
def api(database: str, tmp_path: Path) -> Iterator[Api]:
    """The application over a PostgreSQL, with the queue read by hand."""
    settings = settings_of(tmp_path / "data").model_copy(
        update={"database_url": database, "max_upload_bytes": 100_000_000}
    )
    settings.data_dir.mkdir()
    messages = Kept()
    parts = replace(bootstrap(settings), messages=messages)
    assert isinstance(parts.warehouse, SqlWarehouse)
    put_user(parts.warehouse, "admin", Role.ADMIN)
    with application(settings, parts) as app, TestClient(app) as client:
        client.auth = ("admin", "admin!")
        yield Api(client, TestClient(app), parts, messages, settings)
    parts.warehouse.close()
