"""Where the warehouses of tests are: SQLite files, or databases on the PostgreSQL of the session (`--database`)."""

import shutil
from pathlib import Path

from tests.database_server import DatabaseServer

SERVER: DatabaseServer | None = None  # set for the session by tests/conftest.py
TEMPLATE = ""  # the name of a migrated, empty database on it


def copy_of(migrated: Path, home: Path) -> str:
    """The URL of a new, migrated and empty warehouse; `migrated`: the SQLite file to copy."""
    home.mkdir(parents=True, exist_ok=True)
    if SERVER is not None:
        return SERVER.url(SERVER.create(TEMPLATE))
    shutil.copy(migrated, home / "warehouse.db")
    return f"sqlite:///{home / 'warehouse.db'}"
