"""A lake whose search is a Typesense server: ingestion continues during an outage, the index catches up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs.job import JobStatus
from domain.search.queries import Collection, SearchQuery
from domain.search.search_documents import SPECS
from domain.shared.errors import UnavailableError
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.search.typesense.http_client import RetryPolicy
from services.maintenance.rebuild import index_again_if_lost
from services.maintenance.search_repair import SearchRepair
from services.pipeline.indexing.index import index
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from services.search import indexers
from services.search.indexers import DocumentKey
from services.search.status import search_status
from services.shared.clock import now
from tests.cli.up.conftest import until
from tests.infrastructure.search.typesense.stand_in.http import served
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.support import drain, job_of, lines, load, messages, release, submit, verified

P = Collection.PROCESSES
INDEXER = """
import sys
from pathlib import Path
from domain.search.search_documents import SPECS
from infrastructure.search.typesense import http_client
from infrastructure.search.typesense.engine import TypesenseSearch
from services.pipeline.indexing import index as stage
from services.search import indexers
from dataclasses import replace
from tests.support import lake_over
from infrastructure.warehouse.engine import SqlWarehouse
home, url = Path(sys.argv[1]), sys.argv[2]
indexers.READ_KEYS = http_client.BATCH_DOCUMENTS = 7
with lake_over(home, SqlWarehouse(f"sqlite:///{home / 'warehouse.db'}")) as parts:
    print("ready", flush=True)
    stage.index(replace(parts, search=TypesenseSearch(url, "k", SPECS)))
    print("done", flush=True)
"""


def roads(first: int, count: int) -> bytes:
    """A process with that number."""
    return lines(
        release(f"ocds-test01-{i}", "1", buyer={"id": "b", "name": "Cardiff"}, tender={"title": f"Roads {i}"})
        for i in range(first, first + count)
    )


@pytest.fixture
def server() -> Iterator[tuple[Typesense, str]]:
    made = Typesense()
    with served(made) as url:
        yield made, url


@pytest.fixture
def lake(lake_home: Parts) -> Iterator[Callable[[str], Parts]]:
    """Makes the lake with a search server; with a short timeout."""
    made: list[TypesenseSearch] = []

    def over(url: str) -> Parts:
        made.append(TypesenseSearch(url, "k", SPECS, patience=RetryPolicy(tries=2, first=0.01)))
        return replace(lake_home, search=made[-1])

    yield over
    for engine in made:
        engine.close()


def test_while_the_server_is_away_ingestion_goes_on_and_the_index_catches_up(
    lake: Callable[[str], Parts], tmp_path: Path
) -> None:
    made = Typesense()
    with served(made) as url:
        parts = lake(url)
        load(parts, "a.jsonl", roads(0, 3))
        port = int(url.rsplit(":", 1)[1])
    job = submit(parts, "b.jsonl", roads(3, 3))
    for _ in range(12):  # more often than a failing batch is retried
        with pytest.raises(UnavailableError):
            drain(parts)
        messages(parts).send("index")
    with parts.warehouse.read() as work:
        assert work.watermarks.get("publish").silver_batch == work.batches.last_silver()
        assert work.watermarks.get("index").attempts == 0
    assert job_of(parts, job).status is JobStatus.RUNNING
    state = search_status(parts)
    assert (state.healthy, state.lag.batches, state.collections[P].documents) == (False, 1, None)
    assert "does not answer" in str(state.detail)
    assert not index_again_if_lost(parts.warehouse, parts.search)
    with pytest.raises(UnavailableError):
        parts.search.search(SearchQuery(text="roads"))
    with served(made, port):
        until(lambda: search_status(parts).healthy)  # a server that was away is tried every half second
        sweep(parts)
        messages(parts).send("index")
        drain(parts)
        assert job_of(parts, job).status is JobStatus.SUCCEEDED
        assert parts.search.search(SearchQuery(text="roads")).found == 6
        state = search_status(parts)
        assert (state.healthy, state.lag.batches, state.version, state.collections[P].documents) == (True, 0, "29.0", 6)
        assert verified(parts, tmp_path / "home") == []


def test_a_server_that_comes_up_empty_is_filled_again(
    lake: Callable[[str], Parts], server: tuple[Typesense, str]
) -> None:
    parts = lake(server[1])
    load(parts, "a.jsonl", roads(0, 3))
    with served(Typesense()) as url:
        moved = lake(url)
        assert index_again_if_lost(moved.warehouse, moved.search)
        messages(moved).send("index")
        drain(moved)
        assert moved.search.count(P) == 3


@pytest.mark.parametrize(
    "after", [pytest.param(1, marks=pytest.mark.slow), 8, pytest.param(30, marks=pytest.mark.slow)]
)
def test_an_indexer_killed_in_the_middle_leaves_search_equal_to_gold_once_it_ran_again(
    lake: Callable[[str], Parts], server: tuple[Typesense, str], tmp_path: Path, after: int
) -> None:
    typesense, url = server
    parts = lake(url)
    submit(parts, "a.jsonl", roads(0, 40))
    while messages(parts).waiting and messages(parts).waiting[0] != ("index",):
        messages(parts).handle(parts, messages(parts).waiting.popleft())
    command = [sys.executable, "-c", INDEXER, str(tmp_path / "home"), url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    ) as indexer:
        assert indexer.stdout is not None
        assert indexer.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 60
        while (
            sum(len(one.documents) for one in list(typesense.collections.values())) < after
            and time.monotonic() < deadline
        ):
            time.sleep(0.001)
        indexer.send_signal(signal.SIGKILL)
    index(parts)
    drain(parts)
    assert parts.search.count(P) == 40
    assert verified(parts, tmp_path / "home") == []


def test_gold_is_read_in_parts_and_what_it_lacks_is_deleted(
    lake: Callable[[str], Parts], server: tuple[Typesense, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexers, "READ_KEYS", 2)
    parts = lake(server[1])
    load(parts, "a.jsonl", roads(0, 5))
    keys = [DocumentKey(f"ocds-test01-{number}") for number in range(-1, 5)]
    parts.search.write(P, [{"id": keys[0].key, "title": "Stray"}], ())
    parts.search.write(P, *indexers.INDEXERS[P].changes(parts.warehouse, parts.lake, keys))
    assert verified(parts, tmp_path / "home") == []


def collection_of(server: Typesense) -> dict[str, dict[str, object]]:
    """The process documents of the server."""
    return server.collections[server.aliases["tenderlake-processes"]].documents


def test_documents_that_the_server_lost_are_found_by_their_ids_and_written_again(
    lake: Callable[[str], Parts], server: tuple[Typesense, str], tmp_path: Path
) -> None:
    typesense, url = server
    parts, repair = lake(url), SearchRepair()
    load(parts, "a.jsonl", roads(0, 30))
    assert repair.run(parts) == 0
    there = collection_of(typesense)
    for number in (3, 4, 28):
        del there[f"ocds-test01-{number}"]
    there["ocds-test01-99"] = {**there["ocds-test01-1"], "id": "ocds-test01-99", "ocid": "ocds-test01-99"}
    assert repair.run(parts) == 4
    assert verified(parts, tmp_path / "home") == []
    assert repair.run(parts) == 0


def test_ids_are_compared_at_the_start_and_after_an_outage(lake: Callable[[str], Parts], tmp_path: Path) -> None:
    made = Typesense()

    def swap() -> None:
        """Lose a document, and have a deleted one again: the counts stay equal."""
        there = collection_of(made)
        lost = there.pop("ocds-test01-1")
        there["ocds-test01-99"] = {**lost, "id": "ocds-test01-99", "ocid": "ocds-test01-99"}

    with served(made) as url:
        parts, repair = lake(url), SearchRepair()
        load(parts, "a.jsonl", roads(0, 3))
        swap()
        assert [repair.run(parts), repair.run(parts)] == [2, 0]
        swap()
        assert repair.run(parts) == 0
    assert repair.run(parts) == 0
    with served(made, int(url.rsplit(":", 1)[1])):
        until(lambda: repair.run(parts) == 2)  # a server that was away is tried every half second
        assert verified(parts, tmp_path / "home") == []


def test_while_the_server_loads_and_while_index_has_work_nothing_is_written_again(
    lake: Callable[[str], Parts], server: tuple[Typesense, str]
) -> None:
    typesense, url = server
    parts = lake(url)
    load(parts, "a.jsonl", roads(0, 6))
    there = collection_of(typesense)
    kept = dict(there)
    there.clear()
    ids = parts.search.ids

    def loading(collection: Collection) -> Iterator[str]:
        found = list(ids(collection))
        if collection is P and (left := [key for key in kept if key not in there]):
            there[left[0]] = kept[left[0]]
        return iter(found)

    parts.search.ids = loading  # type: ignore[method-assign]
    assert SearchRepair().run(parts) == 0
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("index")
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"silver_batch": 0}), now())
        work.commit()
    assert SearchRepair().run(parts) == 0


def test_a_server_of_the_older_layout_is_filled_anew(
    lake: Callable[[str], Parts], server: tuple[Typesense, str]
) -> None:
    typesense, url = server
    old = {
        "name": "tenderlake-processes-0123456789ab-0",
        "fields": [{"name": "_document", "type": "string", "optional": True}],
    }
    for name in (old["name"], "tenderlake-processes-vectors-0123456789ab-0"):
        typesense.handle("POST", "/collections", {}, json.dumps({**old, "name": name}).encode(), "k")
    typesense.aliases["tenderlake-processes"] = str(old["name"])
    parts = lake(url)
    load(parts, "a.jsonl", roads(0, 3))
    assert parts.search.count(P) == 3
    assert [name for name in typesense.collections if "0123456789ab" in name] == []
