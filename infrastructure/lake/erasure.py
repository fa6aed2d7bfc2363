"""Erasure in the lake: removes rows from a Delta table, and every file and log entry that still contains them.

A running reader may miss a file; it reads again (infrastructure/lake/delta_lake.py).
"""

import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable, WriterProperties
from deltalake.exceptions import TableNotFoundError

from infrastructure.lake.commit_retry import retry_lost_commits
from infrastructure.lake.table_uri import table_uri

ABANDONED_SECONDS = 900  # longer than a stage may run: no commit will add an uncommitted file that is older


def any_of_condition(column: str, numbers: Iterable[int]) -> str:
    """An SQL condition: the column has one of these numbers."""
    return f"{column} IN ({', '.join(str(int(number)) for number in numbers)})"


def equals_condition(column: str, text: str) -> str:
    """An SQL condition: the column has this text."""
    return f"{column} = '{text.replace(chr(39), chr(39) * 2)}'"


@retry_lost_commits
def remove_rows(folder: Path, condition: str, writer: WriterProperties) -> int:
    """Rewrite files without such rows; returns their number. `vacuum_erased` removes the old files."""
    try:
        table = DeltaTable(table_uri(folder))
    except TableNotFoundError:
        return 0
    return int(table.delete(condition, writer_properties=writer)["num_deleted_rows"])


def vacuum_erased(folder: Path, statistics: str) -> bool:
    """Remove the files that are no longer part of the table, and the old log, whose statistics contain values of rows.

    From then on only `statistics` has statistics. False if uncommitted files are left: of a running append, or one
    killed less than ABANDONED_SECONDS ago.
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
    """Remove files of appends that were killed before their commit; False if some are too young to decide."""
    files = list(folder.glob("*.parquet"))  # listed before the log, which then includes what is committed meanwhile
    ages = {path: time.time() - path.stat().st_mtime for path in files if path.exists()}
    table = DeltaTable(table_uri(folder))
    removed = table.vacuum(retention_hours=0, enforce_retention_duration=False)  # dry run: known to the log
    known = {Path(unquote(path)).name for path in (*table.file_uris(), *removed)}
    unknown = [path for path in ages if path.name not in known]
    for path in unknown:
        if ages[path] > ABANDONED_SECONDS:
            path.unlink(missing_ok=True)
    return all(ages[path] > ABANDONED_SECONDS for path in unknown)


@retry_lost_commits
def _set(folder: Path, properties: dict[str, str]) -> None:
    DeltaTable(table_uri(folder)).alter.set_table_properties(properties)
