"""Small files of a Delta table become few: every commit, and every look at the table, costs a little for each file.

Only small ones are merged, with each other: to write large ones again and again would leave a copy of each for as long as readers may need it.
"""

import polars as pl
from deltalake import DeltaTable, WriterProperties

from infrastructure.lake.commit_retry import retry_lost_commits

SMALL_FILE_BYTES = 4 * 1024 * 1024  # bytes
MANY_SMALL_FILES = 100  # small files of a table, from which on they are merged


def has_many_small_files(table: DeltaTable, many: int = MANY_SMALL_FILES) -> bool:
    """Whether the table has so many small files that they are to be merged."""
    if table.version() < many:  # each commit adds a file or a few
        return False
    sizes = pl.DataFrame(table.get_add_actions(flatten=True))["size_bytes"]
    return int((sizes < SMALL_FILE_BYTES).sum()) >= many


@retry_lost_commits
def merge_small_files(table: DeltaTable, writer: WriterProperties) -> None:
    """Merge the small files, and remove what left the table more than a week ago. Rows, and what is known of batches, stay as they are."""
    table.update_incremental()
    table.optimize.compact(target_size=SMALL_FILE_BYTES, max_concurrent_tasks=1, writer_properties=writer)
    table.vacuum(dry_run=False)
