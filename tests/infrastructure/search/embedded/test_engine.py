"""The embedded engine: the contract, and its own guarantees about processes, crashes and schemas."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
import tantivy
from loguru import logger

from domain.search.queries import CollectionSpec, FieldSpec, Filter
from domain.shared.errors import DamagedError, InvalidError
from infrastructure.search.embedded import EmbeddedSearch, schema_hash
from infrastructure.search.embedded.index_store import IndexStore
from tests.infrastructure.search.contract import BARE, ROADS, SPEC, P, SearchEngineContract, find, ids, only, process
from tests.infrastructure.search.contract_semantic import MeaningContract
from tests.infrastructure.search.contract_words import WordsContract

WRITER = """
import sys
from pathlib import Path
from infrastructure.search.embedded import EmbeddedSearch
from tests.infrastructure.search.contract import SPEC, P, process
engine = EmbeddedSearch(Path(sys.argv[1]), [SPEC])
for batch in range(1, 10_000):
    engine.write(P, [process(i, f"Batch {batch}", value=float(batch)) for i in range(300)], ())
    print(batch, flush=True)
"""


class TestEmbeddedSearch(SearchEngineContract, MeaningContract, WordsContract):
    """The contract, for the embedded engine."""

    @pytest.fixture
    def engine(self, tmp_path: Path) -> EmbeddedSearch:
        return EmbeddedSearch(tmp_path / "search", [SPEC])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


def _write_some(folder: Path, first: int) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    for i in range(first, first + 5):
        engine.write(P, [process(i, "Written elsewhere")], ())


def test_making_an_engine_touches_no_disk(folder: Path) -> None:
    EmbeddedSearch(folder, [SPEC])
    assert not folder.exists()


def test_decimals_and_odd_values_come_back_as_they_were(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    odd = process(1, "Odd", value=Decimal("12.30"), unknown={"kept": [1, None]}, codes=[], region="")
    engine.write(P, [odd], ())
    assert list(engine.scan(P)) == [odd]
    assert ids(find(engine, filters=(Filter(field="value", gte=12.3, lte=12.3),))) == only(odd)


def test_a_value_of_the_wrong_type_is_refused_by_name_and_nothing_is_written(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    with pytest.raises(InvalidError, match=r"value .*ocds-b5fd17-0002"):
        engine.write(P, [BARE, process(2, "Bad", value="much")], ())
    assert engine.count(P) == 0


def test_a_refused_document_takes_back_the_whole_write_and_leaves_no_lock(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    engine.write(P, [process(1, "stays")], ())
    with pytest.raises(InvalidError, match="value"):
        engine.write(P, [process(1, "never"), process(2, "never", value="much")], ["p1"])
    assert [one["title"] for one in engine.scan(P)] == ["stays"]
    engine.write(P, [process(2, "comes")], ())
    assert sorted(one["title"] for one in engine.scan(P)) == ["comes", "stays"]


def test_another_engine_sees_a_write_at_once(folder: Path) -> None:
    writer, reader = EmbeddedSearch(folder, [SPEC]), EmbeddedSearch(folder, [SPEC])
    assert reader.count(P) == 0
    for number in range(1, 4):
        writer.write(P, [process(number, "Seen")], ())
        assert find(reader, "seen").found == number


def test_processes_write_in_turn_and_lose_nothing(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(folder, first)) for first in (0, 5, 10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert EmbeddedSearch(folder, [SPEC]).count(P) == 15


def test_threads_write_and_read_one_engine_at_once(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for i in range(first, first + 5):
                engine.write(P, [process(i, "Threaded")], ())
                find(engine, "threaded", facet_by=("buyer",), sort="value")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 5, 10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert find(engine, "threaded").found == 20


@pytest.mark.parametrize("delay", [0.0, 0.012, 0.031])
def test_a_writer_killed_in_the_middle_leaves_whole_batches_and_no_lock(folder: Path, delay: float) -> None:
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    ) as writer:
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout.read().split()] or [3]
    engine = EmbeddedSearch(folder, [SPEC])
    values = {document["value"] for document in engine.scan(P)}
    assert engine.count(P) == 300
    assert len(values) == 1
    assert values.pop() >= told[-1]
    engine.write(P, [BARE], ())
    assert engine.count(P) == 300


def test_a_word_that_only_deleted_documents_had_is_corrected_again(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    engine.write(P, [process(1, "Goverment office"), process(2, "Government office")], ())
    engine.write(P, (), ["ocds-b5fd17-0001"])
    assert ids(find(engine, "goverment office")) == ["ocds-b5fd17-0002"]


def test_another_spec_begins_with_an_empty_index_and_clear_removes_the_old_one(folder: Path) -> None:
    EmbeddedSearch(folder, [SPEC]).write(P, [ROADS], ())
    wider = CollectionSpec(name=P, fields=(*SPEC.fields, FieldSpec(name="note", type="text")))
    assert schema_hash(wider) != schema_hash(SPEC)
    engine = EmbeddedSearch(folder, [wider])
    assert engine.count(P) == 0
    assert len(list(folder.iterdir())) == 2
    engine.clear(P)
    assert [one.name for one in folder.iterdir()] == [f"processes-{schema_hash(wider)}"]


def test_what_can_not_be_sorted_by_is_refused_when_the_engine_is_made(folder: Path) -> None:
    with pytest.raises(ValueError, match="many"):
        EmbeddedSearch(
            folder, [CollectionSpec(name=P, fields=(FieldSpec(name="codes", type="keyword", many=True, sort=True),))]
        )


def test_keywords_sort_by_their_letters_and_ties_by_id(folder: Path) -> None:
    engine = EmbeddedSearch(
        folder, [CollectionSpec(name=P, fields=(FieldSpec(name="status", type="keyword", sort=True),))]
    )
    engine.write(
        P, [{"id": "3", "status": "b"}, {"id": "1", "status": "b"}, {"id": "4"}, {"id": "2", "status": "a"}], ()
    )
    assert ids(find(engine, sort="status")) == ["2", "1", "3", "4"]
    assert ids(find(engine, sort="-status")) == ["1", "3", "2", "4"]
    assert ids(find(engine, sort="-status", page=2, per_page=1)) == ["3"]


def test_a_damaged_index_says_how_to_mend_it(folder: Path) -> None:
    EmbeddedSearch(folder, [SPEC]).write(P, [ROADS], ())
    next(folder.glob("*/meta.json")).write_text("{")
    with pytest.raises(DamagedError, match="rebuild search"):
        EmbeddedSearch(folder, [SPEC]).count(P)


def test_a_deleted_folder_is_an_empty_index(folder: Path) -> None:
    engine = EmbeddedSearch(folder, [SPEC])
    engine.write(P, [ROADS], ())
    for file in next(folder.iterdir()).iterdir():
        file.unlink()
    assert engine.count(P) == 0
    engine.write(P, [BARE], ())
    assert ids(find(engine)) == only(BARE)


class SlowMerges:
    """A writer whose merges wait for the test."""

    def __init__(self, writer: tantivy.IndexWriter, gate: threading.Event, fails: bool) -> None:
        self.writer, self.gate, self.fails = writer, gate, fails

    def __getattr__(self, name: str) -> object:
        return getattr(self.writer, name)

    def wait_merging_threads(self) -> None:
        assert self.gate.wait(30)
        self.writer.wait_merging_threads()
        if self.fails:
            raise ValueError("No space left on device")


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_written_is_there_before_merges_end_and_the_next_writer_waits_for_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    said: list[str] = []
    sink = logger.add(said.append, level="WARNING")
    gate, begin = threading.Event(), IndexStore._begin
    monkeypatch.setattr(
        IndexStore, "_begin", lambda store, heap: (SlowMerges((made := begin(store, heap))[0], gate, fails), made[1])
    )
    engine = EmbeddedSearch(folder, [SPEC])
    engine.write(P, [process(1, "First")], ())
    assert ids(find(EmbeddedSearch(folder, [SPEC]), "first")) == ["ocds-b5fd17-0001"]
    second = threading.Thread(target=engine.write, args=(P, [process(2, "Second")], ()))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    gate.set()
    second.join(30)
    EmbeddedSearch(folder, [SPEC]).write(P, [process(3, "Third")], ())
    assert sorted(ids(find(engine))) == [f"ocds-b5fd17-000{n}" for n in (1, 2, 3)]
    logger.remove(sink)
    assert any("No space left" in line for line in said) == fails
