"""The contract of the port, kept by the adapter: on the stand-in always, on a real server where two variables name one."""

import os
import uuid
from collections.abc import Iterator

import pytest

from infrastructure.search.typesense.client import Patience
from infrastructure.search.typesense.engine import TypesenseSearch
from tests.search.contract import SPEC, SearchEngineContract
from tests.search.meaning import MeaningContract
from tests.search.typesense.standin.server import Typesense
from tests.search.typesense.transport import Recording
from tests.search.words import WordsContract

URL, KEY = os.environ.get("TENDERLAKE_TEST_TYPESENSE_URL"), os.environ.get("TENDERLAKE_TEST_TYPESENSE_API_KEY")


@pytest.mark.parametrize("version", ["29.0", "30.1"])
class TestStandIn(SearchEngineContract, MeaningContract, WordsContract):
    """Every request and every answer is held against the official description."""

    @pytest.fixture
    def engine(self, version: str) -> Iterator[TypesenseSearch]:
        recording = Recording(Typesense(version))
        yield TypesenseSearch("http://typesense", "k", [SPEC], transport=recording, patience=Patience(tries=2, first=0.0))
        assert recording.requests
        assert recording.problems == []


@pytest.mark.skipif(not (URL and KEY), reason="TENDERLAKE_TEST_TYPESENSE_URL and TENDERLAKE_TEST_TYPESENSE_API_KEY name no server")
class TestServer(SearchEngineContract, MeaningContract, WordsContract):
    """A server of its own kind; every test has collections of its own, removed afterwards."""

    @pytest.fixture
    def engine(self) -> Iterator[TypesenseSearch]:
        prefix = f"test-{uuid.uuid4().hex[:8]}-"
        engine = TypesenseSearch(str(URL), str(KEY), [SPEC], prefix=prefix)
        yield engine
        for one in engine.client.api.collections.retrieve():
            if one["name"].startswith(prefix):
                engine.client.api.collections[one["name"]].delete()
        engine.close()
