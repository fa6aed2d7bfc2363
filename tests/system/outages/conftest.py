"""Servers of these tests' own, since they are stopped and frozen."""

import os
from collections.abc import Iterator

import pytest
from loguru import logger

from script.servers import PostgreSQL, Redis, postgresql_program
from tests.infrastructure.warehouse.postgresql.conftest import PACKAGE


def need_postgresql() -> None:
    """Skip the test where there is no PostgreSQL; in CI it fails."""
    if postgresql_program("initdb") is None:
        reason = f"there is no initdb: install Debian's package {PACKAGE}"
        if os.environ.get("TENDERLAKE_CI"):
            pytest.fail(reason)
        pytest.skip(reason)


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
