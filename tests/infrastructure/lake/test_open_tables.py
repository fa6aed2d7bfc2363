"""An open table shows the same as a newly opened one."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from infrastructure.lake.erasure import vacuum_erased
from infrastructure.lake.open_tables import OpenTables


def append(folder: Path, number: int) -> None:
    write_deltalake(str(folder), pl.DataFrame({"batch": [number], "text": [f"row {number}"]}), mode="append")


def files(tables: OpenTables, folder: Path) -> set[str]:
    table = tables.newest(folder)
    assert table is not None
    assert set(table.file_uris()) == set(DeltaTable(str(folder)).file_uris())
    return {Path(uri).name for uri in table.file_uris()}


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    def noted(address: str) -> DeltaTable:
        made.append(address)
        return DeltaTable(address)

    monkeypatch.setattr("infrastructure.lake.open_tables.DeltaTable", noted)
    return made


def test_what_others_append_is_seen_without_opening_the_table_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tables = opened(monkeypatch), OpenTables()
    assert tables.newest(tmp_path / "t") is None
    for number in range(1, 5):
        append(tmp_path / "t", number)
        assert len(files(tables, tmp_path / "t")) == number
    assert len(made) == 2  # the first call found none


def test_a_log_that_was_cut_off_is_read_anew(tmp_path: Path) -> None:
    folder, early, late = tmp_path / "t", OpenTables(), OpenTables()
    append(folder, 1)
    files(early, folder)
    append(folder, 2)
    files(late, folder)
    vacuum_erased(folder, "batch")
    append(folder, 3)
    assert len(files(early, folder)) == len(files(late, folder)) == 3
    DeltaTable(str(folder)).delete("batch = 1")
    vacuum_erased(folder, "batch")
    assert len(files(early, folder)) == len(files(late, folder)) == 2


def test_another_table_in_the_same_folder_is_opened(tmp_path: Path) -> None:
    folder, tables = tmp_path / "t", OpenTables()
    for number in range(3):
        append(folder, number)
    files(tables, folder)
    shutil.rmtree(folder)
    assert tables.newest(folder) is None
    for number in range(5):
        append(folder, number)
    assert len(files(tables, folder)) == 5
    shutil.rmtree(folder)
    append(folder, 9)
    assert len(files(tables, folder)) == 1
    shutil.rmtree(folder)
    for number in range(5):
        append(folder, number)
    assert len(files(tables, folder)) == 5


def test_a_file_that_is_gone_has_the_table_opened_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, tables = opened(monkeypatch), OpenTables()
    append(tmp_path / "t", 1)
    files(tables, tmp_path / "t")
    tables.close(tmp_path / "t")
    files(tables, tmp_path / "t")
    assert len(made) == 2
