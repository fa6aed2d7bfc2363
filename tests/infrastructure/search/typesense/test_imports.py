"""Documents are read while the server takes the ones before; a write returns when all imports are answered."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from domain.search.queries import SearchDocument
from domain.shared.errors import InvalidError, UnavailableError
from infrastructure.search.typesense import collection_store, http_client
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.search.typesense.http_client import RetryPolicy
from tests.infrastructure.search.contract import SPEC, P, process
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording, refusal

DOCUMENTS = [process(number, f"Roads {number}") for number in range(6)]
IDS = [one["id"] for one in DOCUMENTS]


@pytest.fixture
def recording() -> Iterator[Recording]:
    made = Recording(Typesense())
    yield made
    assert made.problems == []


@pytest.fixture
def engine(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> TypesenseSearch:
    """An engine with imports of two documents."""
    monkeypatch.setattr(collection_store, "BATCH_DOCUMENTS", 2)
    monkeypatch.setattr(http_client, "BATCH_DOCUMENTS", 2)
    made = TypesenseSearch("http://typesense", "k", [SPEC], transport=recording, patience=RetryPolicy(1))
    made.count(P)
    return made


def at_import(recording: Recording, number: int, action: Callable[[], httpx.Response | None]) -> None:
    """Do this at the import of that number, instead of it if there is a response."""

    def failure(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/import") or _imports(recording) < number:
            recording.failures.appendleft(failure)
            return None
        return action()

    recording.failures.append(failure)


def _imports(recording: Recording) -> int:
    return sum(request.url.path.endswith("/import") for request in recording.requests)


def test_documents_are_read_while_the_server_takes_the_ones_before(
    engine: TypesenseSearch, recording: Recording
) -> None:
    def documents() -> Iterator[SearchDocument]:
        yield from DOCUMENTS[:4]
        deadline = time.monotonic() + 20
        while not _imports(recording):
            assert time.monotonic() < deadline, "no import before all documents are read"
            time.sleep(0.01)
        yield from DOCUMENTS[4:]

    engine.write(P, documents(), ())
    assert sorted(engine.ids(P)) == IDS


def test_a_write_returns_when_the_last_import_is_answered(engine: TypesenseSearch, recording: Recording) -> None:
    at_import(recording, 3, lambda: time.sleep(0.3))
    engine.write(P, iter(DOCUMENTS), IDS)
    assert (_imports(recording), sorted(engine.ids(P))) == (3, IDS)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_failure_of_any_import_fails_the_write(engine: TypesenseSearch, recording: Recording, number: int) -> None:
    at_import(recording, number, lambda: refusal(400, "No such field"))
    with pytest.raises(InvalidError, match="No such field"):
        engine.write(P, iter(DOCUMENTS), ["ocds-gone"])
    engine.write(P, iter(DOCUMENTS), ())
    assert sorted(engine.ids(P)) == IDS


def test_a_failure_to_read_documents_fails_the_write(engine: TypesenseSearch) -> None:
    def documents() -> Iterator[SearchDocument]:
        yield from DOCUMENTS[:3]
        raise UnavailableError("the warehouse is away")

    with pytest.raises(UnavailableError, match="warehouse"):
        engine.write(P, documents(), IDS[4:])


def test_documents_are_written_again_if_the_collection_is_deleted_meanwhile(
    engine: TypesenseSearch, recording: Recording
) -> None:
    def delete() -> None:
        recording.server.collections.clear()
        recording.server.aliases.clear()

    at_import(recording, 2, delete)
    engine.write(P, iter(DOCUMENTS), ())
    assert sorted(engine.ids(P)) == IDS
