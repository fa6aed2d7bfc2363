"""Erasing for good: rows leave a Delta table, and with them every file and log entry that still tells of them.

A reader that is under way may find a file gone; it reads again (see infrastructure/lake/delta_lake.py).
"""

import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable, WriterProperties
from deltalake.exceptions import TableNotFoundError

from infrastructure.lake.commit_retry import retry_lost_commits
from infrastructure.lake.table_uri import table_uri

ABANDONED_SECONDS = 900  # seconds: longer than a stage may run, so that no commit will name the file any more


def any_of_condition(column: str, numbers: Iterable[int]) -> str:
    """A condition: the column has one of these numbers."""
    return f"{column} IN ({', '.join(str(int(number)) for number in numbers)})"


def equals_condition(column: str, text: str) -> str:
    """A condition: the column has this text."""
    return f"{column} = '{text.replace(chr(39), chr(39) * 2)}'"


@retry_lost_commits
def remove_rows(folder: Path, condition: str, writer: WriterProperties) -> int:
    """Rewrite the files that hold such rows without them; how many there were. The old files stay until `forget`."""
    try:
        table = DeltaTable(table_uri(folder))
    except TableNotFoundError:
        return 0
    return int(table.delete(condition, writer_properties=writer)["num_deleted_rows"])


def vacuum_erased(folder: Path, statistics: str) -> bool:
    """Remove every file that is no part of the table any more, and the log of how it came to be, whose statistics quote rows.

    From now on statistics are kept of the column `statistics` alone. False where files are left that no commit names: those of an append that
    is under way, or was killed within the last ABANDONED seconds.
    """
    if not (folder / "_delta_log").exists():
        return True
    _set(folder, {"delta.logRetentionDuration": "interval 0 days", "delta.dataSkippingStatsColumns": statistics})
    DeltaTable(table_uri(folder)).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    DeltaTable(table_uri(folder)).create_checkpoint()
    DeltaTable(table_uri(folder)).cleanup_metadata()
    _set(folder, {"delta.logRetentionDuration": "interval 30 days"})
    return remove_abandoned(folder)


def remove_abandoned(folder: Path) -> bool:
    """Remove the files of appends that were killed before their commit, which the log knows nothing of; False where some are too young to tell."""
    files = list(folder.glob("*.parquet"))  # before the log: what is committed meanwhile is in it
    ages = {path: time.time() - path.stat().st_mtime for path in files if path.exists()}
    table = DeltaTable(table_uri(folder))
    removed = table.vacuum(retention_hours=0, enforce_retention_duration=False)  # would be: of these, the log knows
    known = {Path(unquote(path)).name for path in (*table.file_uris(), *removed)}
    unknown = [path for path in ages if path.name not in known]
    for path in unknown:
        if ages[path] > ABANDONED_SECONDS:
            path.unlink(missing_ok=True)
    return all(ages[path] > ABANDONED_SECONDS for path in unknown)


@retry_lost_commits
def _set(folder: Path, properties: dict[str, str]) -> None:
    DeltaTable(table_uri(folder)).alter.set_table_properties(properties)
