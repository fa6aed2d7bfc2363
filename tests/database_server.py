"""The PostgreSQL of a test session: its databases belong to a role that is no superuser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from script.servers import PostgreSQL, postgresql_program

GIVEN = "TENDERLAKE_TEST_POSTGRESQL_URL"  # environment variable: URL of a server for tests, as its superuser
ROLE, PASSWORD = "tenderlake_tests", "only-for-tests"


class DatabaseServer:
    """A server whose databases `create` makes for ROLE. `superuser`: its URL for psycopg."""

    def __init__(self, superuser: str) -> None:
        self.superuser = superuser
        given = conninfo_to_dict(superuser)
        self.address = f"{given.get('host') or '127.0.0.1'}:{given.get('port') or 5432}"
        self.made: list[str] = []
        attributes = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
        with self.connect() as connection, suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            connection.execute(f"CREATE ROLE {ROLE} {attributes} PASSWORD '{PASSWORD}'")  # unless another run did

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the superuser."""
        return psycopg.connect(self.superuser, dbname=database, autocommit=True)

    def create(self, template: str = "template1") -> str:
        """The name of a new database, which is a copy of `template`."""
        name = f"tenderlake_{os.getpid()}_{len(self.made)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}")
        self.made.append(name)
        return name

    def drop_all(self) -> None:
        """Drop the databases that it made."""
        with self.connect() as connection:
            for name in self.made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str, address: str | None = None) -> str:
        """The URL of a database for ROLE, at a pooler's address or the server's own."""
        return f"postgresql://{ROLE}:{quote(PASSWORD)}@{address or self.address}/{name}"


def need(*programs: Path | str | None, package: str) -> None:
    """Skip the test where a program is missing; in CI it fails."""
    if None in programs:
        reason = f"install Debian's package {package}"
        if os.environ.get("TENDERLAKE_CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def database_server() -> Iterator[DatabaseServer]:
    """The server that the environment names, or one of the tests' own."""
    if given := os.environ.get(GIVEN):
        server_of_others = DatabaseServer(given)
        yield server_of_others
        server_of_others.drop_all()
        return
    need(postgresql_program("initdb"), package="postgresql")
    server = PostgreSQL()
    try:
        server.start()
        yield DatabaseServer(server.url.replace("+psycopg", ""))
    finally:
        server.remove()
