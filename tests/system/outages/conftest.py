"""Servers of these tests' own, since they are stopped and frozen."""

from collections.abc import Iterator

import pytest
from loguru import logger

from script.servers import PostgreSQL, Redis, postgresql_program
from tests.database_server import need


def need_postgresql() -> None:
    """Skip the test where there is no PostgreSQL; in CI it fails."""
    need(postgresql_program("initdb"), package="postgresql")


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    need_postgresql()
    server = PostgreSQL()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def said() -> Iterator[list[str]]:
    """The warnings and errors of the log."""
    lines: list[str] = []
    handle = logger.add(lambda line: lines.append(str(line)), format="{message}", level="WARNING")
    yield lines
    logger.remove(handle)
