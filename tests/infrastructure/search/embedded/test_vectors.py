"""The vector files of the embedded engine: several processes, kills, incomplete writes, and rewritten files."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.shared.errors import DamagedError
from infrastructure.search.embedded import EmbeddedSearch
from infrastructure.search.embedded.vectors import VectorSets
from infrastructure.search.embedded.vectors.vector_log import VectorLog
from services.ports.search import VectorRow
from tests.infrastructure.search.contract import SPEC, P, process
from tests.infrastructure.search.contract_semantic import MODEL, row, vector

# Each batch writes the same 300 documents, then their vectors, with its number in both; every third deletes ten of
# them.
WRITER = """
import sys
from pathlib import Path
from infrastructure.search.embedded import EmbeddedSearch
from tests.infrastructure.search.contract import SPEC, P, process
from tests.infrastructure.search.contract_semantic import row
engine = EmbeddedSearch(Path(sys.argv[1]), [SPEC])
ids = [process(i, "")["id"] for i in range(300)]
for batch in range(1, 10_000):
    documents = [process(i, f"Batch {batch}") for i in range(300)]
    engine.write(P, documents, ())
    engine.write_vectors(P, "model-a", [row(one, 1, batch, 0, 0) for one in documents])
    if batch % 3 == 0:
        engine.write(P, (), ids[:10])
    print(batch, flush=True)
"""


def everyone(ids: Sequence[str]) -> dict[str, str]:
    """All documents exist, with the text of the vectors that `plain` makes."""
    return dict.fromkeys(ids, "h1")


def plain(name: str, *numbers: float) -> VectorRow:
    return VectorRow(name, "h1", np.array(vector(*numbers), dtype=np.float32))


def filled(folder: Path, numbers: range) -> VectorSets:
    sets = VectorSets(folder)
    sets.write(MODEL, [plain(str(i), 1, i, 0, 0) for i in numbers], everyone)
    return sets


def names(folder: Path) -> set[str]:
    return {name for name, _ in VectorSets(folder).entries(MODEL)}


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.011, 0.023])
def test_a_writer_killed_in_the_middle_loses_nothing_that_was_written(tmp_path: Path, delay: float) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    ) as writer:
        assert writer.stdout is not None
        for _ in range(4):
            writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout.read().split()] or [4]
    engine = EmbeddedSearch(tmp_path, [SPEC])
    batches = {embedding_text_hash(P, process(0, f"Batch {batch}")): batch for batch in range(told[-1], told[-1] + 3)}
    found = dict(engine.vectors(P, MODEL))
    assert len(found) in {0, 290, 300}  # 0: the documents were rewritten, their vectors not yet
    assert set(found.values()) <= batches.keys()
    for one in engine.read_vectors(P, MODEL, list(found)).values():
        assert np.allclose(one.vector, vector(1, batches[one.text_hash], 0, 0))
    documents = [process(i, "After") for i in range(300)]
    engine.write(P, documents, ())
    engine.write_vectors(P, MODEL, [row(one, 0, 0, 0, 1) for one in documents])
    again = EmbeddedSearch(tmp_path, [SPEC])
    assert dict(again.vectors(P, MODEL)) == {one["id"]: embedding_text_hash(P, one) for one in documents}


def _write_some(folder: Path, first: int) -> None:
    for i in range(first, first + 5):
        VectorSets(folder).write(MODEL, [plain(str(i), 1, i, 0, 0)], everyone)


def test_processes_write_in_turn_and_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_some, args=(tmp_path, first)) for first in (0, 5, 10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert names(tmp_path) == {str(i) for i in range(15)}


def test_threads_read_while_the_file_grows_and_is_written_anew(tmp_path: Path) -> None:
    reader, stop, failures = filled(tmp_path, range(10)), threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            while not stop.is_set():
                snapshot = reader.snapshot()
                assert snapshot is not None
                assert len(snapshot.keys) >= 10
                assert np.isfinite(snapshot.matrix[snapshot.rows]).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(12):
        filled(tmp_path, range(200))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_file_is_written_anew_when_half_of_it_is_not_needed(tmp_path: Path) -> None:
    for _ in range(12):
        sets = filled(tmp_path, range(200))
    snapshot = sets.snapshot()
    assert snapshot is not None
    assert len(snapshot.matrix) <= 1_000
    assert names(tmp_path) == {str(i) for i in range(200)}
    assert len([one for one in tmp_path.iterdir() if one.is_dir()]) == 1


def test_a_torn_end_is_cut_off(tmp_path: Path) -> None:
    filled(tmp_path, range(3))
    folder = next(one for one in tmp_path.iterdir() if one.is_dir())
    with (folder / "vectors.f32").open("ab") as vectors, (folder / "rows.jsonl").open("ab") as lines:
        vectors.write(b"\x00" * 21)
        lines.write(b'["4","h')
    assert names(tmp_path) == {"0", "1", "2"}
    filled(tmp_path, range(3, 4))
    assert names(tmp_path) == {"0", "1", "2", "3"}
    read = VectorSets(tmp_path).read(MODEL, ["3"])
    assert np.allclose(read["3"].vector, plain("3", 1, 3, 0, 0).vector)


@pytest.mark.parametrize("file", ["vectors.f32", "rows.jsonl"])
def test_a_damaged_file_says_how_to_mend_it(tmp_path: Path, file: str) -> None:
    filled(tmp_path, range(3))
    folder = next(one for one in tmp_path.iterdir() if one.is_dir())
    (folder / file).write_bytes(b"no\n")
    with pytest.raises(DamagedError, match="computed again"):
        VectorSets(tmp_path).snapshot()


def test_a_folder_left_by_a_writer_that_was_killed_before_it_named_it_is_used_anew(tmp_path: Path) -> None:
    VectorLog(tmp_path / "model-a.1", 4).create()
    (tmp_path / "model-a.1" / "rows.jsonl").write_bytes(b'["9","h"]\n')
    filled(tmp_path, range(2))
    assert names(tmp_path) == {"0", "1"}


def test_a_deleted_folder_holds_no_vectors(tmp_path: Path) -> None:
    engine = EmbeddedSearch(tmp_path, [SPEC])
    engine.write(P, [process(1, "One")], ())
    engine.write_vectors(P, MODEL, [row(process(1, "One"), 1, 0, 0, 0)])
    (tmp_path / "vectors" / "processes" / "catalogue.json").unlink()
    assert (engine.active_model(P), list(engine.vectors(P, MODEL))) == (None, [])
    engine.write_vectors(P, MODEL, [row(process(1, "One"), 1, 0, 0, 0)])
    assert engine.active_model(P) == MODEL
