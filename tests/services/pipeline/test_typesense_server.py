"""A real Typesense server, killed, started again and asked while it is written to: nothing is lost, nobody is told of
trouble where there is none.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from loguru import logger

from domain.search.queries import Collection, Mode, SearchQuery
from domain.search.search_documents import SPECS
from domain.shared.errors import UnavailableError
from infrastructure.search.typesense.engine import TypesenseSearch
from services.maintenance.rebuild import index_again_if_lost
from services.maintenance.search_repair import SearchRepair
from services.ports.parts import Parts
from services.ports.search import VectorRow
from services.search.rebuild import rebuild_search
from tests.infrastructure.search.contract_semantic import row
from tests.infrastructure.search.typesense.servers import NEEDS_BINARY, Running
from tests.services.pipeline.test_typesense import roads
from tests.support import drain, load, messages, submit, verified

pytestmark = [NEEDS_BINARY, pytest.mark.slow]
P = Collection.PROCESSES
ROUNDS = int(os.environ.get("TENDERLAKE_TEST_ROUNDS", "20"))
STAGE_SECONDS = 2.0  # after which a stage is tried again
SWEEP_SECONDS = 1.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path / "typesense")
    made.start()
    yield made
    made.end()


@pytest.fixture
def parts(lake_home: Parts, server: Running) -> Iterator[Parts]:
    engine = TypesenseSearch(server.url, server.key, SPECS)
    yield replace(lake_home, search=engine)
    engine.close()


def until(check: Callable[[], bool], seconds: float) -> float:
    """The seconds until the check holds."""
    started = time.monotonic()
    while True:
        with suppress(UnavailableError):
            if check():
                return time.monotonic() - started
        assert time.monotonic() - started < seconds
        time.sleep(0.1)


def test_what_was_written_is_there_after_every_restart(parts: Parts, server: Running, tmp_path: Path) -> None:
    load(parts, "first.jsonl", roads(0, 50))
    lost = 0
    for number in range(ROUNDS):
        rebuild_search(parts)
        load(parts, f"{number}.jsonl", roads(50 + 15 * number, 15))
        expected = 65 + 15 * number
        server.end(signal.SIGKILL if number % 2 else signal.SIGTERM)
        server.start()
        time.sleep(SWEEP_SECONDS)
        with suppress(UnavailableError):
            lost += parts.search.count(P) != expected

        def whole(expected: int = expected) -> bool:
            if index_again_if_lost(parts.warehouse, parts.search):
                drain(parts)
            SearchRepair().run(parts)
            return len(set(parts.search.ids(P))) == expected == parts.search.count(P)

        logger.info("round {}: whole after {:.1f} s", number, until(whole, 20.0))
    logger.info("the server itself had lost something in {} of {} rounds", lost, ROUNDS)
    documents = parts.search.client.api.collections["tenderlake-processes"].documents  # type: ignore[attr-defined]
    for number in (3, 51):
        documents[f"ocds-test01-{number}"].delete()
    assert SearchRepair().run(parts) == 2
    assert verified(parts, tmp_path / "home") == []


def test_the_index_goes_on_within_seconds_of_the_server_s_return(parts: Parts, server: Running) -> None:
    load(parts, "first.jsonl", roads(0, 500))
    for number in range(3):
        server.end()
        submit(parts, f"{number}.jsonl", roads(500 + 20 * number, 20))
        indexing = threading.Thread(target=_keep_indexing, args=(parts, 520 + 20 * number))
        indexing.start()
        time.sleep(5.0)
        server.start()
        started = time.monotonic()
        indexing.join(60.0)
        assert parts.search.count(P) == 520 + 20 * number
        assert time.monotonic() - started < 5.0


def _keep_indexing(parts: Parts, expected: int) -> None:
    """Handle what waits, as a worker does, until the server has all of it."""
    while True:
        try:
            drain(parts)
            if parts.search.count(P) == expected:
                return
        except UnavailableError:
            time.sleep(STAGE_SECONDS)
        messages(parts).send("index")


@pytest.fixture
def connect(server: Running) -> Iterator[Callable[[], TypesenseSearch]]:
    """Another client of the server, as another process has it."""
    made: list[TypesenseSearch] = []

    def one_more() -> TypesenseSearch:
        made.append(TypesenseSearch(server.url, server.key, SPECS))
        return made[-1]

    yield one_more
    for one in made:
        one.close()


def test_writers_never_have_a_search_refused(connect: Callable[[], TypesenseSearch]) -> None:
    stop, problems, answered = threading.Event(), list[str](), list[int]()
    documents = [
        {"id": f"ocds-test01-{i}", "title": f"Road works {i}", "buyer": f"Buyer {i % 7}"} for i in range(2_000)
    ]

    def write(first: int) -> None:
        engine = connect()
        while not stop.is_set():
            some = documents[first::2]
            engine.write(P, [one | {"status": str(time.monotonic_ns())} for one in some], ["nobody"])
            rows = [row(one, 1, i / 100, 0, 0) for i, one in enumerate(some[:64])]
            if first == 0:  # embed runs once at a time
                engine.write_vectors(P, "m", [VectorRow(one.id, one.text_hash, one.vector) for one in rows])

    def search(mode: Mode) -> None:
        engine = connect()
        while not stop.is_set():
            try:
                found = engine.search(
                    SearchQuery(text="road works", mode=mode, vector=(1.0, 0.0, 0.0, 0.0), facet_by=("buyer",))
                )
                answered.append(found.found)
            except Exception as error:  # pylint: disable=broad-exception-caught  # told below
                problems.append(f"{type(error).__name__}: {error}")

    connect().write(P, documents, ())
    threads = [threading.Thread(target=write, args=(first,)) for first in range(2)]
    threads += [threading.Thread(target=search, args=(mode,)) for mode in (Mode.KEYWORD, Mode.HYBRID)]
    for one in threads:
        one.start()
    engine = connect()
    time.sleep(5.0)
    for _ in range(2):  # the collection beneath the searches is another one
        fresh = engine.begin_rebuild(P)
        fresh.write(documents, [])
        fresh.swap()
        time.sleep(2.0)
    stop.set()
    for one in threads:
        one.join()
    logger.info("{} searches answered", len(answered))
    assert (problems, set(answered)) == ([], {2_000})
    assert len(answered) > 20
