"""Compaction: merges the small files of a Delta table, for every commit and every read costs time per file.

Only small files are merged, with each other. Rewriting large ones would keep a copy of each while readers may need it.
"""

import polars as pl
from deltalake import DeltaTable, WriterProperties

from infrastructure.lake.commit_retry import retry_lost_commits

SMALL_FILE_BYTES = 4 * 1024 * 1024
MANY_SMALL_FILES = 100  # compaction is due from this number of small files


def has_many_small_files(table: DeltaTable, many: int = MANY_SMALL_FILES) -> bool:
    """Whether the table has at least `many` small files, so that compaction is due."""
    if table.version() < many:  # each commit adds at least one file
        return False
    sizes = pl.DataFrame(table.get_add_actions(flatten=True))["size_bytes"]
    return int((sizes < SMALL_FILE_BYTES).sum()) >= many


@retry_lost_commits
def merge_small_files(table: DeltaTable, writer: WriterProperties) -> None:
    """Merge the small files, and delete those removed from the table over a week ago. Rows don't change."""
    table.update_incremental()
    table.optimize.compact(target_size=SMALL_FILE_BYTES, max_concurrent_tasks=1, writer_properties=writer)
    table.vacuum(dry_run=False)
