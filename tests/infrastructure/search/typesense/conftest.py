"""Runs tests with the fixture `engine` on both engines, whose results must be equal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from infrastructure.search.embedded import EmbeddedSearch
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.system.outage import server_at
from services.ports.search import SearchEngine
from tests.infrastructure.search.contract import SPEC
from tests.infrastructure.search.typesense.servers import NEEDS_SERVER, on_server
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording


@pytest.fixture(autouse=True)
def _forget_outages() -> Iterator[None]:
    """What a process knows of a server outlives a test, and all stand-ins share an address."""
    server_at.cache_clear()
    yield
    server_at.cache_clear()


@pytest.fixture(params=["embedded", "29.0", "30.1", pytest.param("server", marks=NEEDS_SERVER)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    if request.param == "embedded":
        yield EmbeddedSearch(tmp_path, [SPEC])
        return
    if request.param == "server":
        with on_server([SPEC]) as engine:
            yield engine
        return
    recording = Recording(Typesense(request.param))
    yield TypesenseSearch("http://typesense", "k", [SPEC], transport=recording)
    assert recording.problems == []


@pytest.fixture
def said() -> Iterator[list[str]]:
    """The warnings and errors of the log."""
    lines: list[str] = []
    handle = logger.add(lambda line: lines.append(str(line)), format="{message}", level="WARNING")
    yield lines
    logger.remove(handle)
