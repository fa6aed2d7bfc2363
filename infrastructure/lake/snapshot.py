"""The files of the lake at one moment, for a backup. Appends that come later are not part of it."""

import errno
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from domain.shared.errors import DamagedError
from infrastructure.lake.table_uri import table_uri

LOG = "_delta_log"
VERSION_DIGITS = 20


def table_versions(root: Path) -> dict[Path, int]:
    """The newest version of each table below the folder, by folder."""
    folders = sorted(log.parent for log in root.glob(f"*/*/{LOG}"))
    return {folder: DeltaTable(table_uri(folder)).version() for folder in folders}


def table_files(folder: Path, version: int) -> Iterator[Path]:
    """The data files of the table at this version, and its log up to it. The table can be opened with these alone.

    FileNotFoundError if a purge has removed this version of the log.
    """
    yield from _data_files(folder, version)
    yield from _log_files(sorted((folder / LOG).iterdir()), version)


def logged_rows(folder: Path, version: int) -> int:
    """Rows of the table at this version by its log. FileNotFoundError if the log does not have this version whole."""
    return int(_add_actions(folder, version)["num_records"].sum())


def stored_rows(folder: Path) -> int:
    """Rows of the newest version as its data files have them. DamagedError if a file can't be read."""
    try:
        return sum(_file_rows(path) for path in _data_files(folder, DeltaTable(table_uri(folder)).version()))
    except (OSError, DeltaError, pl.exceptions.PolarsError) as error:
        raise DamagedError(f"{folder} can't be read: {' '.join(str(error).split())}") from error


def _file_rows(path: Path) -> int:
    with path.open("rb") as file:
        return int(pl.scan_parquet(file).select(pl.len()).collect().item())


def _data_files(folder: Path, version: int) -> Iterator[Path]:
    for path in _add_actions(folder, version)["path"]:
        yield folder / unquote(path)


def _add_actions(folder: Path, version: int) -> pl.DataFrame:
    """A row for each data file. FileNotFoundError if the log does not have this version whole."""
    try:
        return pl.DataFrame(DeltaTable(table_uri(folder), version=version).get_add_actions(flatten=True))
    except DeltaError as error:
        raise FileNotFoundError(errno.ENOENT, f"version {version} is not in the log", str(folder)) from error


def _log_files(files: Iterable[Path], version: int) -> Iterator[Path]:
    for file in files:
        number = file.name[:VERSION_DIGITS]
        if number.isdigit() and len(number) == VERSION_DIGITS:
            if int(number) <= version:
                yield file
        elif file.name == "_last_checkpoint" and json.loads(file.read_bytes())["version"] <= version:
            yield file
