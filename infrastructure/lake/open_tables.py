"""Delta tables that stay open: to look what is new in the log costs a tenth of opening the table anew."""

from pathlib import Path
from typing import NamedTuple

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from infrastructure.lake.table_uri import table_uri

Stamp = tuple[int, int] | None  # inode and time of the last change


class _Opened(NamedTuple):
    table: DeltaTable
    version: int
    commit: Stamp  # of this version's: another one, and the folder holds another table than then
    checkpoint: Stamp  # of what tells of the last checkpoint: since another one, commits between may be gone from the log


class OpenTables:
    """Opened tables by folder, shared by the threads of a process: delta-rs locks each by itself."""

    def __init__(self) -> None:
        self._opened: dict[Path, _Opened] = {}

    def newest(self, folder: Path) -> DeltaTable | None:
        """The table as it stands now; None where there is none."""
        known = self._opened.get(folder)
        if known is None or _commit(folder, known.version) != known.commit:
            return self._open(folder)
        try:
            known.table.update_incremental()
        except DeltaError:  # its log was cut off meanwhile
            return self._open(folder)
        return known.table if _checkpoint(folder) == known.checkpoint else self._open(folder)

    def close(self, folder: Path) -> None:
        """Have the table opened anew the next time."""
        self._opened.pop(folder, None)

    def _open(self, folder: Path) -> DeltaTable | None:
        checkpoint = _checkpoint(folder)  # before: one made meanwhile has the table opened once more
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
