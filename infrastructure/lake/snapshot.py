"""The files of the lake at one moment, for a backup. Appends that come later are not part of it."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from infrastructure.lake.table_uri import table_uri

LOG = "_delta_log"
VERSION_DIGITS = 20


def table_versions(root: Path) -> dict[Path, int]:
    """The newest version of each table below the folder, by folder."""
    folders = sorted(log.parent for log in root.glob(f"*/*/{LOG}"))
    return {folder: DeltaTable(table_uri(folder)).version() for folder in folders}


def table_files(folder: Path, version: int) -> Iterator[Path]:
    """The data files of the table at this version, and its log up to it. The table can be opened with these alone."""
    table = DeltaTable(table_uri(folder), version=version)
    for path in pl.DataFrame(table.get_add_actions(flatten=True))["path"]:
        yield folder / unquote(path)
    yield from _log_files(sorted((folder / LOG).iterdir()), version)


def _log_files(files: Iterable[Path], version: int) -> Iterator[Path]:
    for file in files:
        number = file.name[:VERSION_DIGITS]
        if number.isdigit() and len(number) == VERSION_DIGITS:
            if int(number) <= version:
                yield file
        elif file.name == "_last_checkpoint" and json.loads(file.read_bytes())["version"] <= version:
            yield file
