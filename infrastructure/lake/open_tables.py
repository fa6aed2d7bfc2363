"""Keeps Delta tables open: reading new log entries takes a tenth of the time of opening the table."""

from pathlib import Path
from typing import NamedTuple

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from infrastructure.lake.table_uri import table_uri

Stamp = tuple[int, int] | None  # inode and time of the last change


class _Opened(NamedTuple):
    table: DeltaTable
    version: int
    commit: Stamp  # of this version's commit file; if it changes, the folder has another table
    checkpoint: Stamp  # of `_last_checkpoint`; if it changes, the log may lack commits in between


class OpenTables:
    """Open tables by folder; threads may share them, as delta-rs locks each table."""

    def __init__(self) -> None:
        self._opened: dict[Path, _Opened] = {}

    def newest(self, folder: Path) -> DeltaTable | None:
        """The table at its newest version; None if it doesn't exist."""
        known = self._opened.get(folder)
        if known is None or _commit(folder, known.version) != known.commit:
            return self._open(folder)
        try:
            known.table.update_incremental()
        except DeltaError:  # the log was truncated meanwhile
            return self._open(folder)
        return known.table if _checkpoint(folder) == known.checkpoint else self._open(folder)

    def close(self, folder: Path) -> None:
        """Forget the table, so that the next call of `newest` opens it again."""
        self._opened.pop(folder, None)

    def _open(self, folder: Path) -> DeltaTable | None:
        checkpoint = _checkpoint(folder)  # read first: a checkpoint made meanwhile then reopens the table
        try:
            table = DeltaTable(table_uri(folder))
        except TableNotFoundError:
            self.close(folder)
            return None
        version = table.version()
        self._opened[folder] = _Opened(table, version, _commit(folder, version), checkpoint)
        return table


def _commit(folder: Path, version: int) -> Stamp:
    return _stamp(folder / "_delta_log" / f"{version:020}.json")


def _checkpoint(folder: Path) -> Stamp:
    return _stamp(folder / "_delta_log" / "_last_checkpoint")


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
