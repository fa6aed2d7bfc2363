"""A real server, where two variables name one: each test has collections of its own there, removed afterwards."""

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from domain.search import CollectionSpec
from infrastructure.search.typesense.engine import TypesenseSearch

URL, KEY = os.environ.get("TENDERLAKE_TEST_TYPESENSE_URL", ""), os.environ.get("TENDERLAKE_TEST_TYPESENSE_API_KEY", "")
NEEDS_SERVER = pytest.mark.skipif(not (URL and KEY), reason="TENDERLAKE_TEST_TYPESENSE_URL and TENDERLAKE_TEST_TYPESENSE_API_KEY name no server")


@contextmanager
def on_server(specs: Sequence[CollectionSpec], url: str = URL, key: str = KEY) -> Iterator[TypesenseSearch]:
    """Search on the server."""
    prefix = f"test-{uuid.uuid4().hex[:8]}-"
    engine = TypesenseSearch(url, key, specs, prefix=prefix)
    try:
        yield engine
    finally:
        for one in engine.client.api.collections.retrieve():
            if one["name"].startswith(prefix):
                engine.client.api.collections[one["name"]].delete()
        engine.close()
