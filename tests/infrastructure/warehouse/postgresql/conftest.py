"""A PostgreSQL of the tests' own: a temporary folder, a free port, ended with the session."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from domain.users.user import Role
from infrastructure.bootstrap import bootstrap
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from services.ports.parts import Parts
from tests.api.conftest import Api, Kept, settings_of
from tests.applications import application, put_user
from tests.support import lake_over

PACKAGE = "postgresql"


def program(name: str) -> str:
    """The path of a PostgreSQL program; without it the test is skipped, and in CI it fails."""
    found = shutil.which(name) or next(
        iter(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True))), None
    )
    if found is None:
        reason = f"there is no {name}: install Debian's package {PACKAGE}"
        if os.environ.get("TENDERLAKE_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def server() -> Iterator[int]:
    """The port of a running PostgreSQL."""
    initdb, postgres = program("initdb"), program("postgres")
    # PostgreSQL refuses to run as root; Debian's package brings a user of its own.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tenderlake-postgres-"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        capture_output=True,
        user=user,
    )
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    with (folder.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen([postgres, "-D", folder / "data", *options], stdout=log, stderr=log, user=user)
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


def _await(port: int) -> None:
    for _ in range(200):
        try:
            psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL does not answer (user {getpass.getuser()})")


def made(server: int, name: str, template: str = "template1") -> str:
    """The URL of a new database, which is a copy of that one."""
    with psycopg.connect(f"postgresql://tester@127.0.0.1:{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"postgresql+psycopg://tester@127.0.0.1:{server}/{name}"


@pytest.fixture(scope="session")
def template(server: int) -> str:
    """The name of a migrated, empty database; to be copied."""
    upgrade(made(server, "migrated"))
    return "migrated"


@pytest.fixture
def empty_database(server: int, request: pytest.FixtureRequest) -> str:
    """The URL of a new database without tables."""
    return made(server, f"t{abs(hash(request.node.nodeid)) % 10**12}")


@pytest.fixture
def database(server: int, template: str, request: pytest.FixtureRequest) -> str:
    """The URL of a new, migrated database."""
    return made(server, f"t{abs(hash(request.node.nodeid)) % 10**12}", template)


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
