"""Erasing for good: rows leave a Delta table, and with them every file and log entry that still tells of them.

A reader that is under way may find a file gone; it reads again (see infrastructure/lake/delta.py).
"""

from collections.abc import Iterable
from pathlib import Path

from deltalake import DeltaTable, WriterProperties
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from infrastructure.lake.address import address

again = retry(retry=retry_if_exception_type(CommitFailedError), stop=stop_after_attempt(8), wait=wait_random_exponential(0.02, 1), reraise=True)


def any_of(column: str, numbers: Iterable[int]) -> str:
    """A condition: the column has one of these numbers."""
    return f"{column} IN ({', '.join(str(int(number)) for number in numbers)})"


def same(column: str, text: str) -> str:
    """A condition: the column has this text."""
    return f"{column} = '{text.replace(chr(39), chr(39) * 2)}'"


@again
def remove_rows(folder: Path, condition: str, writer: WriterProperties) -> int:
    """Rewrite the files that hold such rows without them; how many there were. The old files stay until `forget`."""
    try:
        table = DeltaTable(address(folder))
    except TableNotFoundError:
        return 0
    return int(table.delete(condition, writer_properties=writer)["num_deleted_rows"])


def forget(folder: Path, statistics: str) -> None:
    """Remove every file that is no part of the table any more, and the log of how it came to be, whose statistics quote rows.

    From now on statistics are kept of the column `statistics` alone.
    """
    if not (folder / "_delta_log").exists():
        return
    _set(folder, {"delta.logRetentionDuration": "interval 0 days", "delta.dataSkippingStatsColumns": statistics})
    DeltaTable(address(folder)).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    DeltaTable(address(folder)).create_checkpoint()
    DeltaTable(address(folder)).cleanup_metadata()
    _set(folder, {"delta.logRetentionDuration": "interval 30 days"})


@again
def _set(folder: Path, properties: dict[str, str]) -> None:
    DeltaTable(address(folder)).alter.set_table_properties(properties)
