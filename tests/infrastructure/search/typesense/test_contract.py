"""The port's contract for the adapter: on the stand-in always, on a real server if two variables name one."""

from collections.abc import Iterator

import pytest

from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.search.typesense.http_client import RetryPolicy
from tests.infrastructure.search.contract import SPEC, SearchEngineContract
from tests.infrastructure.search.contract_semantic import MeaningContract
from tests.infrastructure.search.contract_words import WordsContract
from tests.infrastructure.search.typesense.servers import NEEDS_SERVER, on_server
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording


@pytest.mark.parametrize("version", ["29.0", pytest.param("30.1", marks=pytest.mark.slow)])  # 30 differs in synonyms
class TestStandIn(SearchEngineContract, MeaningContract, WordsContract):
    """Every request and response is checked against the official description."""

    @pytest.fixture
    def engine(self, version: str) -> Iterator[TypesenseSearch]:
        recording = Recording(Typesense(version))
        yield TypesenseSearch(
            "http://typesense", "k", [SPEC], transport=recording, patience=RetryPolicy(tries=2, first=0.0)
        )
        assert recording.requests
        assert recording.problems == []


@NEEDS_SERVER
class TestServer(SearchEngineContract, MeaningContract, WordsContract):
    """A server for one test."""

    @pytest.fixture
    def engine(self) -> Iterator[TypesenseSearch]:
        with on_server([SPEC]) as engine:
            yield engine
