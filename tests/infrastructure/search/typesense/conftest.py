"""Runs tests with the fixture `engine` on both engines, whose results must be equal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.search.embedded import EmbeddedSearch
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports.search import SearchEngine
from tests.infrastructure.search.contract import SPEC
from tests.infrastructure.search.typesense.servers import NEEDS_SERVER, on_server
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording


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
