"""The index rebuild has no gap: the old index serves until the new one, with all changes, replaces it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.search.queries import Collection, SearchDocument, SearchQuery
from domain.search.search_documents import SPECS
from domain.shared.errors import LostRaceError
from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports.parts import Parts
from services.ports.search import IndexRebuild, SearchEngine
from services.search import index_pause
from services.search.rebuild import rebuild_search
from services.shared.clock import now
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording
from tests.support import Killed, documents, drain, lines, load, release, submit, verified

P = Collection.PROCESSES
BUYER = {"id": "GB-COH-1", "name": "Cardiff Council"}


class Watched:
    """An index rebuild that lets the test act at each step; everything else is the engine's own."""

    def __init__(self, inner: IndexRebuild, step: Callable[[str], None]) -> None:
        self._inner = inner
        self._step = step

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> int:
        self._step("write")
        return self._inner.write(documents, deleted)

    def swap(self) -> None:
        self._step("swap")
        self._inner.swap()
        self._step("swapped")

    def discard(self) -> None:
        self._inner.discard()


class WatchedSearch:
    """An engine whose index rebuilds are observed."""

    def __init__(self, engine: SearchEngine, step: Callable[[str], None]) -> None:
        self._engine = engine
        self._step = step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        return Watched(self._engine.begin_rebuild(collection), self._step)


def processes(first: int, count: int, title: str) -> bytes:
    """A process per number."""
    return lines(
        release(
            f"ocds-test01-{i}",
            f"{title}-{i}",
            "2024-01-01T00:00:00Z" if title == "Roads" else "2024-02-01T00:00:00Z",
            buyer=BUYER,
            tender={"title": f"{title} {i}"},
        )
        for i in range(first, first + count)
    )


@pytest.fixture(params=["embedded", "typesense"])
def parts(request: pytest.FixtureRequest, lake_home: Parts, tmp_path: Path) -> Parts:
    """A lake with five processes, on either engine."""
    engine: SearchEngine = EmbeddedSearch(tmp_path / "search", SPECS)
    if request.param == "typesense":
        engine = TypesenseSearch("http://typesense", "k", SPECS, transport=Recording(Typesense()))
    made = replace(lake_home, search=engine)
    load(made, "a.jsonl", processes(0, 5, "Roads"))
    return made


def watched(parts: Parts, step: Callable[[str], None]) -> Parts:
    """The same parts with an observed engine."""
    return replace(parts, search=WatchedSearch(parts.search, step))


def test_a_rebuild_makes_the_same_documents(parts: Parts) -> None:
    before = documents(parts)
    parts.search.write(P, [{"id": "stray", "title": "Not in gold"}], ["ocds-test01-1"])
    assert rebuild_search(parts) == 6
    assert documents(parts) == before


def test_readers_find_the_old_documents_until_the_swap(parts: Parts) -> None:
    seen: list[int] = []
    rebuild_search(
        watched(
            parts,
            lambda step: seen.append(parts.search.search(SearchQuery(text="roads")).found) if step == "write" else None,
        )
    )
    assert seen
    assert set(seen) == {5}


def test_what_is_indexed_while_a_fresh_index_is_filled_is_in_it(parts: Parts, tmp_path: Path) -> None:
    loaded = False

    def step(name: str) -> None:
        nonlocal loaded
        if not loaded and name == "write":
            loaded = True
            load(parts, "b.jsonl", processes(3, 4, "Bridges"))

    rebuild_search(watched(parts, step))
    assert loaded
    assert parts.search.count(P) == 7
    assert parts.search.search(SearchQuery(text="bridges")).found == 4
    assert verified(parts, tmp_path / "home") == []


def test_what_arrives_while_they_swap_waits_for_the_new_index(parts: Parts, tmp_path: Path) -> None:
    job = ""

    def step(name: str) -> None:
        nonlocal job
        if name in {"swap", "swapped"} and not job:
            job = submit(parts, "c.jsonl", processes(20, 2, "Harbours"))
            drain(parts)
            assert parts.search.search(SearchQuery(text="harbours")).found == 0

    rebuild_search(watched(parts, step))
    drain(parts)
    assert parts.search.search(SearchQuery(text="harbours")).found == 2
    assert verified(parts, tmp_path / "home") == []


def test_a_rebuild_that_fails_leaves_the_old_index_serving(parts: Parts) -> None:
    before = documents(parts)

    def step(name: str) -> None:
        if name == "swap":
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        rebuild_search(watched(parts, step))
    assert documents(parts) == before
    load(parts, "b.jsonl", processes(5, 1, "Roads"))
    assert parts.search.count(P) == 6


@pytest.mark.parametrize("at", [1, 2, 4])
def test_a_rebuild_killed_anywhere_leaves_an_index_that_serves_and_can_be_rebuilt(
    parts: Parts, tmp_path: Path, at: int
) -> None:
    before = documents(parts)
    steps = 0

    def step(_: str) -> None:
        nonlocal steps
        steps += 1
        if steps >= at:
            raise Killed

    with pytest.raises(Killed):
        rebuild_search(watched(parts, step))
    assert documents(parts) == before
    rebuild_search(parts)
    drain(parts)
    assert documents(parts) == before
    assert verified(parts, tmp_path / "home") == []


def test_a_pause_whose_holder_died_ends_by_itself(parts: Parts) -> None:
    holder, _ = index_pause.pause(parts)
    submit(parts, "d.jsonl", processes(30, 1, "Ferries"))
    drain(parts)
    assert parts.search.search(SearchQuery(text="ferries")).found == 0
    with parts.warehouse.write() as work:
        work.search_state.resume(holder)
        work.search_state.pause(holder, now() - timedelta(seconds=2), now() - timedelta(seconds=1))
        work.commit()
    with pytest.raises(LostRaceError, match="expired before the swap"):
        index_pause.check_still_paused(parts, holder)
    parts.messages.send("index")
    drain(parts)
    assert parts.search.search(SearchQuery(text="ferries")).found == 1


def test_the_index_stage_waits_until_the_last_of_two_holders_resumes(parts: Parts) -> None:
    (first, _), (second, _) = index_pause.pause(parts), index_pause.pause(parts)
    submit(parts, "d.jsonl", processes(30, 1, "Ferries"))
    index_pause.resume(parts, first)
    drain(parts)
    assert parts.search.search(SearchQuery(text="ferries")).found == 0
    index_pause.check_still_paused(parts, second)
    index_pause.resume(parts, second)
    drain(parts)
    assert parts.search.search(SearchQuery(text="ferries")).found == 1
