"""The lake: a batch is appended once, reads are filtered, and compaction changes no row."""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from domain.lake.bronze import BRONZE, touches
from domain.lake.silver import TABLES
from infrastructure.lake.compaction import has_many_small_files
from infrastructure.lake.delta_lake import DeltaLake, _files
from infrastructure.lake.erasure import ABANDONED_SECONDS
from infrastructure.lake.open_tables import OpenTables

COLUMNS = ["batch", "record_id", "ocid"]


def batch_of(batch: int, ocids: Sequence[str]) -> pl.DataFrame:
    return touches(batch, "ocid", list(ocids)).with_columns(pl.format("{}:1", "ocid").alias("record_id"))


def read(lake: DeltaLake, batches: Sequence[int], ocids: Sequence[str] | None = None) -> list[tuple[int, str]]:
    return sorted(lake.read_bronze("releases", batches, ["batch", "ocid"], ocids).iter_rows())


def test_a_batch_appended_twice_is_there_once(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for _ in range(2):
        lake.append_bronze("releases", 1, batch_of(1, ["a", "b"]))
        lake.append_bronze("releases", 2, batch_of(2, ["a"]))
    assert read(lake, [1, 2]) == [(1, "a"), (1, "b"), (2, "a")]


@pytest.mark.parametrize("name", ["with a space", "50% ü", "{braces}*?", "#hash"])
def test_the_lake_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    lake = DeltaLake(tmp_path / name)
    lake.append_bronze("releases", 1, batch_of(1, ["a", "b"]))
    lake.append_bronze("releases", 2, batch_of(2, ["c"]))
    assert read(lake, [1, 2]) == [(1, "a"), (1, "b"), (2, "c")]
    lake.compact()
    assert read(lake, [2], ["c"]) == [(2, "c")]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_batches_appended_by_several_threads_at_once_are_all_there(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    lake.append_bronze("releases", 1, batch_of(1, ["a"]))
    threads = [
        threading.Thread(target=lake.append_bronze, args=("releases", number, batch_of(number, ["a"])))
        for number in range(2, 8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(lake, range(1, 8)) == [(number, "a") for number in range(1, 8)]


def test_only_the_batches_and_processes_asked_for_are_read(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for number in range(1, 5):
        lake.append_bronze("releases", number, batch_of(number, ["a", "b", "c"]))
    assert read(lake, [2, 4], ["b"]) == [(2, "b"), (4, "b")]
    assert read(lake, [9]) == []
    assert read(lake, []) == []
    assert read(lake, [1], []) == []
    assert read(lake, [1], ["it's", "ö"]) == []


def test_a_table_that_does_not_exist_yet_is_empty_and_of_the_right_shape(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    assert lake.read_bronze("releases", [1], COLUMNS).schema == {name: BRONZE[name] for name in COLUMNS}
    assert lake.read_silver("party", [1]).schema == TABLES["party"]


def test_files_that_cannot_hold_a_batch_are_not_opened(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for number in range(1, 6):
        lake.append_bronze("releases", number, batch_of(number, ["a"]))
    folder = tmp_path / "bronze" / "releases"
    table = OpenTables().newest(folder)
    assert table is not None
    assert len(_files(table, folder, "batch", [3])) == 1
    assert len(_files(table, folder, "batch", [1, 5])) == 2
    assert _files(table, folder, "batch", [7]) == []


def test_compacting_merges_small_files_and_keeps_every_row_and_what_was_appended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "infrastructure.lake.delta_lake.has_many_small_files", lambda table: has_many_small_files(table, 5)
    )
    lake = DeltaLake(tmp_path)
    for number in range(1, 6):
        assert not lake.needs_compaction()
        lake.append_bronze("releases", number, batch_of(number, ["a", "b"]))
    lake.append_bronze("releases", 6, batch_of(6, [f"o{number}" for number in range(2_000)]))
    before = lake.read_bronze("releases", range(1, 7), COLUMNS).sort(COLUMNS)
    folder = tmp_path / "bronze" / "releases"
    assert lake.needs_compaction()
    lake.compact()
    assert not lake.needs_compaction()
    table = OpenTables().newest(folder)
    assert table is not None
    (file,) = table.file_uris()
    assert Path(unquote(file)).exists(), "one file"
    known = pl.DataFrame(table.get_add_actions(flatten=True)).columns
    assert [name for name in known if name.startswith("min.")] == ["min.batch"], "no record is quoted in the log"
    assert_frame_equal(lake.read_bronze("releases", range(1, 7), COLUMNS).sort(COLUMNS), before)
    assert_frame_equal(DeltaLake(tmp_path).read_bronze("releases", range(1, 7), COLUMNS).sort(COLUMNS), before)
    lake.append_bronze("releases", 3, batch_of(3, ["a", "b"]))
    assert_frame_equal(lake.read_bronze("releases", range(1, 7), COLUMNS).sort(COLUMNS), before)


def test_appends_and_reads_go_on_beside_compacting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "infrastructure.lake.delta_lake.has_many_small_files", lambda table: has_many_small_files(table, 3)
    )
    lake, ended = DeltaLake(tmp_path), threading.Event()
    lake.append_bronze("releases", 0, batch_of(0, ["a"]))

    def compact() -> None:
        mine = DeltaLake(tmp_path)
        while not ended.is_set():
            mine.compact()

    thread = threading.Thread(target=compact)
    thread.start()
    try:
        for number in range(1, 40):
            lake.append_bronze("releases", number, batch_of(number, ["a"]))
            assert read(lake, range(number + 1)) == [(one, "a") for one in range(number + 1)]
    finally:
        ended.set()
        thread.join()
    assert read(DeltaLake(tmp_path), range(40)) == [(one, "a") for one in range(40)]
    assert len(list((tmp_path / "bronze" / "releases").glob("*.parquet"))) > 40, (
        "what was merged stays for those who read older versions"
    )


def test_what_a_killed_append_left_behind_is_forgotten_too_once_it_is_old_enough(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    lake.append_bronze("releases", 1, batch_of(1, ["a", "b"]))
    folder = tmp_path / "bronze" / "releases"
    (listed,) = folder.glob("*.parquet")
    left = folder / "part-00000-left-behind.parquet"
    left.write_bytes(listed.read_bytes())
    lake.erase_bronze("releases", "a:1", [1], 99, [])
    assert lake.vacuum_erased(["releases"], ["party"]) is False
    assert (left.exists(), listed.exists()) == (True, False)
    os.utime(left, (0, time.time() - ABANDONED_SECONDS - 1))
    assert lake.vacuum_erased(["releases"], ["party"]) is True
    assert not left.exists()
    assert read(lake, [1]) == [(1, "b")]


def test_empty_silver_frames_make_no_table(tmp_path: Path) -> None:
    DeltaLake(tmp_path).append_silver(1, {"party": pl.DataFrame(schema=TABLES["party"])})
    assert not (tmp_path / "silver").exists()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=4))
def test_touches_are_rows_of_bronze_that_name_no_record(ocids: list[str]) -> None:
    rows = touches(7, "ocid", ocids)
    assert rows.schema == BRONZE
    assert rows["ocid"].to_list() == ocids
    assert set(rows["op"]) == {"touch"}
    assert set(rows["record_id"]) == {""}
