"""The lake's Delta tables: appends of whole batches, and reads that open only the files which can hold a batch.

It knows nothing of the ledger: which batches count is said by the caller, and rows of other batches are left alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.transaction import CommitProperties
from loguru import logger
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from domain.lake.bronze import BRONZE
from domain.lake.silver import ALL_TABLES, Columns
from domain.raw_records.record import Kind
from infrastructure.lake.commit_retry import retry_lost_commits
from infrastructure.lake.compaction import has_many_small_files, merge_small_files
from infrastructure.lake.erasure import any_of_condition, equals_condition, remove_abandoned, remove_rows, vacuum_erased
from infrastructure.lake.open_tables import OpenTables
from infrastructure.lake.table_uri import table_uri

ROW_GROUP_ROWS = 512  # rows: few, so that reading one process decompresses little
LARGE_ROW_TABLES = {*Kind, "process", "file", "page"}  # tables whose rows hold whole texts; of others many fit into a group, and each group costs
WRITER = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=ROW_GROUP_ROWS)
SMALL_ROWS = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=16 * ROW_GROUP_ROWS)
retry_erased_files = retry(
    retry=retry_if_exception_type(FileNotFoundError), stop=stop_after_attempt(3), reraise=True
)  # erased between a look at the log and the reading


class DeltaLake:
    """Bronze and silver under one folder; each table is a folder of its own."""

    def __init__(self, root: Path, silver: Path | None = None) -> None:
        self.root = root
        self.silver_root = silver or root / "silver"
        self._tables = OpenTables()

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None:
        """Append a batch's raw records (columns of domain/lake/bronze.py); the same batch twice appends once."""
        _append(self._tables, self.root / "bronze" / kind, rows.select(list(BRONZE)), f"batch-{batch}", "batch", WRITER)

    def read_bronze(
        self, kind: str, batches: Sequence[int], columns: Sequence[str], ocids: Sequence[str] | None = None, record_ids: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """The rows of these batches, of these processes or records only where they are given; in no order."""
        schema = {name: BRONZE[name] for name in columns}
        return _read(self._tables, self.root / "bronze" / kind, "batch", batches, {"ocid": ocids, "record_id": record_ids}, schema)

    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None:
        """Append a refine run's rows to the silver tables; empty frames touch nothing."""
        for name, frame in frames.items():
            if frame.height:
                _append(self._tables, self.silver_root / name, frame, f"silver-batch-{silver_batch}", "silver_batch", _writer(name))

    def read_silver(
        self,
        table: str,
        silver_batches: Sequence[int],
        columns: Sequence[str] | None = None,
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The rows that these silver batches hold, of these processes or records only where they are given; in no order."""
        types = ALL_TABLES[table]
        schema = {name: types[name] for name in (columns or types)}
        return _read(self._tables, self.silver_root / table, "silver_batch", silver_batches, {"ocid": ocids, "record_id": record_ids}, schema)

    def erase_bronze(self, kind: str, record_id: str, batches: Sequence[int]) -> None:
        """Remove the rows of a record that these batches hold, for good once `forget` was called."""
        if batches:
            remove_rows(self.root / "bronze" / kind, f"{equals_condition('record_id', record_id)} AND {any_of_condition('batch', batches)}", WRITER)

    def erase_silver(self, table: str, key: str, name: str, before: int) -> None:
        """Remove the rows whose column `key` is `name` and that are older than a silver batch, for good once `forget` was called."""
        remove_rows(self.silver_root / table, f"{equals_condition(key, name)} AND silver_batch < {before}", WRITER)

    def vacuum_erased(self, kinds: Sequence[str], tables: Sequence[str]) -> bool:
        """Leave nothing on disk of what was removed from bronze of these kinds and from these silver tables.

        False where files are left that an append may have under way, or may have been killed over: then it is to be done again later.
        """
        done = [vacuum_erased(self.root / "bronze" / kind, "batch") for kind in kinds]
        done += [vacuum_erased(self.silver_root / table, "silver_batch") for table in tables]
        return all(done)

    def needs_compaction(self) -> bool:
        """Whether a table has so many small files that `compact` is due."""
        return any(has_many_small_files(table) for folder in self._folders() if (table := self._tables.newest(folder)) is not None)

    def compact(self) -> None:
        """Merge the small files of tables that have many, and remove what nobody can read any more. Not to be run beside `erase_…` and `forget`."""
        for folder in self._folders():
            table = self._tables.newest(folder)
            if table is not None and has_many_small_files(table):
                merge_small_files(table, _writer(folder.name))
                remove_abandoned(folder)
                logger.info("the small files of {} were merged", folder.name)

    def _folders(self) -> list[Path]:
        return sorted([*self.root.glob("bronze/*"), *self.silver_root.glob("*")])


def _writer(table: str) -> WriterProperties:
    return WRITER if table in LARGE_ROW_TABLES else SMALL_ROWS


@retry_lost_commits
def _append(tables: OpenTables, folder: Path, rows: pl.DataFrame, app_id: str, statistics: str, writer: WriterProperties) -> None:
    """Statistics are kept of one column alone: those of others would quote records in the log, from which they can't be erased."""
    table = tables.newest(folder)
    if table is not None and table.transaction_version(app_id) is not None:
        return
    properties = CommitProperties(app_transactions=[Transaction(app_id, 1)])
    configuration = {"delta.dataSkippingStatsColumns": statistics} if table is None else None
    write_deltalake(table or table_uri(folder), rows, mode="append", commit_properties=properties, writer_properties=writer, configuration=configuration)


@retry_erased_files
def _read(tables: OpenTables, folder: Path, column: str, batches: Sequence[int], only: Mapping[str, Sequence[str] | None], schema: Columns) -> pl.DataFrame:
    """Rows of `batches`: files whose statistics rule all of them out are never opened."""
    table = tables.newest(folder) if batches else None
    if table is None:
        return pl.DataFrame(schema=schema)
    wanted = pl.Series(sorted(set(batches)), dtype=pl.Int64)
    files = _files(table, folder, column, wanted)
    if not files:
        return pl.DataFrame(schema=schema)
    rows = pl.scan_parquet(files, missing_columns="insert", schema=None, glob=False).filter(pl.col(column).is_in(wanted.implode()))
    for key, chosen in only.items():
        if chosen is not None:
            names = pl.Series(sorted(set(chosen)), dtype=pl.String)
            rows = rows.filter(pl.col(key).is_in(names.implode()))
    try:
        return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items()).collect()
    except FileNotFoundError:
        tables.close(folder)
        raise


def _files(table: DeltaTable, folder: Path, column: str, wanted: pl.Series) -> list[str]:
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    low, high = f"min.{column}", f"max.{column}"
    if low not in actions.columns:
        return [str(folder / path) for path in actions["path"]]
    ranges = actions.select("path", pl.col(low).alias("low"), pl.col(high).alias("high"))
    # The first wanted batch that is not below a file's lowest must not be above its highest.
    first = wanted.search_sorted(ranges["low"].fill_null(-1))
    at_least = pl.Series([wanted[i] if i < len(wanted) else None for i in first], dtype=pl.Int64)
    hit = (at_least <= ranges["high"].fill_null(2**62)).fill_null(False)
    return [str(folder / path) for path in ranges.filter(hit)["path"]]
