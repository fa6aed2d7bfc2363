"""The Delta tables of the lake: appends whole batches, and reads only the files that may contain a batch.

It doesn't know the ledger: callers name the committed batches, and rows of other batches are ignored.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.transaction import CommitProperties
from loguru import logger
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from domain.catalog.entries import StoredSize
from domain.lake.bronze import BRONZE
from domain.lake.silver import ALL_TABLES, Columns
from domain.raw_records.record import Kind
from infrastructure.lake.commit_retry import retry_lost_commits
from infrastructure.lake.compaction import has_many_small_files, merge_small_files
from infrastructure.lake.erasure import any_of_condition, equals_condition, remove_abandoned, remove_rows, vacuum_erased
from infrastructure.lake.open_tables import OpenTables
from infrastructure.lake.table_uri import table_uri

ROW_GROUP_ROWS = 512  # small, so that reading one process decompresses little
# Tables whose rows have long texts. Others get larger row groups, as each group costs time.
LARGE_ROW_TABLES = {*Kind, "process", "file", "page"}
WRITER = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=ROW_GROUP_ROWS)
SMALL_ROWS = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=16 * ROW_GROUP_ROWS)
retry_erased_files = retry(
    retry=retry_if_exception_type(FileNotFoundError), stop=stop_after_attempt(3), reraise=True
)  # a file may be erased between reading the log and reading the file


class DeltaLake:
    """Bronze and silver under one folder, with one folder per table."""

    def __init__(self, root: Path, silver: Path | None = None) -> None:
        self.root = root
        self.silver_root = silver or root / "silver"
        self._tables = OpenTables()

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None:
        """Append the raw records of a batch (columns of domain/lake/bronze.py); idempotent per batch."""
        _append(self._tables, self.root / "bronze" / kind, rows.select(list(BRONZE)), f"batch-{batch}", "batch", WRITER)

    def read_bronze(
        self,
        kind: str,
        batches: Sequence[int],
        columns: Sequence[str],
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The rows of these batches, optionally of these processes or records only; unordered."""
        return _read(
            self._tables,
            self.root / "bronze" / kind,
            "batch",
            batches,
            {"ocid": ocids, "record_id": record_ids},
            BRONZE,
            columns,
        )

    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None:
        """Append the rows of a refine run to the silver tables, idempotently. Empty frames are skipped."""
        for name, frame in frames.items():
            if frame.height:
                _append(
                    self._tables,
                    self.silver_root / name,
                    frame,
                    f"silver-batch-{silver_batch}",
                    "silver_batch",
                    _writer(name),
                )

    def read_silver(
        self,
        table: str,
        silver_batches: Sequence[int],
        columns: Sequence[str] | None = None,
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The rows of these silver batches, optionally of these processes or records only; unordered."""
        return _read(
            self._tables,
            self.silver_root / table,
            "silver_batch",
            silver_batches,
            {"ocid": ocids, "record_id": record_ids},
            ALL_TABLES[table],
            columns,
        )

    def erase_bronze(
        self, kind: str, record_id: str, batches: Sequence[int], before: int, uncommitted: Sequence[int]
    ) -> None:
        """Remove the versions of a record older than `before` from these batches, and all its rows of uncommitted ones.

        `vacuum_erased` then removes the old files.
        """
        for part, older in ((set(batches) - set(uncommitted), f" AND version < {before}"), (uncommitted, "")):
            if part:
                condition = f"{equals_condition('record_id', record_id)} AND {any_of_condition('batch', sorted(part))}"
                remove_rows(self.root / "bronze" / kind, condition + older, WRITER)

    def erase_silver(self, table: str, key: str, name: str, before: int) -> None:
        """Remove rows with `key` = `name` that are older than silver batch `before`; see `vacuum_erased`."""
        remove_rows(self.silver_root / table, f"{equals_condition(key, name)} AND silver_batch < {before}", WRITER)

    def vacuum_erased(self, kinds: Sequence[str], tables: Sequence[str]) -> bool:
        """Delete the files of removed rows of these kinds in bronze, and of these silver tables.

        False if uncommitted files are left, from an append that is running or was killed: repeat the call later.
        """
        done = [vacuum_erased(self.root / "bronze" / kind, "batch") for kind in kinds]
        done += [vacuum_erased(self.silver_root / table, "silver_batch") for table in tables]
        return all(done)

    def size(self, layer: str, table: str) -> StoredSize | None:
        """The size of a table of `bronze` or `silver`, as written; None before its first rows."""
        folder = self.root / "bronze" / table if layer == "bronze" else self.silver_root / table
        found = self._tables.newest(folder)
        if found is None:
            return None
        files = pl.DataFrame(found.get_add_actions(flatten=True))
        changed = datetime.fromtimestamp(found.history(1)[0]["timestamp"] / 1_000, UTC)
        return StoredSize(int(files["num_records"].sum()), int(files["size_bytes"].sum()), changed)

    def needs_compaction(self) -> bool:
        """Whether a table has so many small files that compaction is due."""
        return any(
            has_many_small_files(table)
            for folder in self._folders()
            if (table := self._tables.newest(folder)) is not None
        )

    def compact(self) -> None:
        """Merge small files of tables that have many, and remove files no reader needs. Don't run it during erasing."""
        for folder in self._folders():
            table = self._tables.newest(folder)
            if table is not None and has_many_small_files(table):
                merge_small_files(table, _writer(folder.name))
                remove_abandoned(folder)
                logger.info("merged the small files of {}", folder.name)

    def _folders(self) -> list[Path]:
        return sorted([*self.root.glob("bronze/*"), *self.silver_root.glob("*")])


def _writer(table: str) -> WriterProperties:
    return WRITER if table in LARGE_ROW_TABLES else SMALL_ROWS


@retry_lost_commits
def _append(
    tables: OpenTables, folder: Path, rows: pl.DataFrame, app_id: str, statistics: str, writer: WriterProperties
) -> None:
    """Keeps statistics of one column only: others would copy values into the log, which erasing can't change."""
    table = tables.newest(folder)
    if table is not None and table.transaction_version(app_id) is not None:
        return
    properties = CommitProperties(app_transactions=[Transaction(app_id, 1)])
    configuration = {"delta.dataSkippingStatsColumns": statistics} if table is None else None
    added = table is not None and set(rows.columns) > {field.name for field in table.schema().fields}
    write_deltalake(
        table or table_uri(folder),
        rows,
        mode="append",
        schema_mode="merge" if added else None,
        commit_properties=properties,
        writer_properties=writer,
        configuration=configuration,
    )


@retry_erased_files
def _read(
    tables: OpenTables,
    folder: Path,
    column: str,
    batches: Sequence[int],
    only: Mapping[str, Sequence[str] | None],
    types: Columns,
    columns: Sequence[str] | None,
) -> pl.DataFrame:
    """Rows of `batches`; files whose statistics exclude all of them are not opened. A column that a file of an earlier
    version lacks is null."""
    schema = {name: types[name] for name in (columns or types)}
    table = tables.newest(folder) if batches else None
    if table is None:
        return pl.DataFrame(schema=schema)
    wanted = sorted(set(batches))
    files = _files(table, folder, column, wanted)
    if not files:
        return pl.DataFrame(schema=schema)
    rows = pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore", schema=types, glob=False)
    rows = rows.filter(pl.col(column).is_in(pl.Series(wanted, dtype=pl.Int64).implode()))
    for key, chosen in only.items():
        if chosen is not None:
            names = pl.Series(sorted(set(chosen)), dtype=pl.String)
            rows = rows.filter(pl.col(key).is_in(names.implode()))
    try:
        return rows.select(list(schema)).collect()
    except FileNotFoundError:
        tables.close(folder)
        raise


def _files(table: DeltaTable, folder: Path, column: str, wanted: Sequence[int]) -> list[str]:
    """The files that may have rows of the `wanted` batches (ascending): plain Python is faster for so few numbers."""
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    low, high = f"min.{column}", f"max.{column}"
    paths = actions["path"].to_list()
    if low in actions.columns:
        ranges = zip(paths, actions[low].to_list(), actions[high].to_list(), strict=True)
        paths = [path for path, first, last in ranges if _is_any_within(wanted, first, last)]
    return [str(folder / path) for path in paths]


def _is_any_within(wanted: Sequence[int], first: int | None, last: int | None) -> bool:
    """Whether one of the `wanted` numbers (ascending) is between these bounds; an unknown bound excludes none."""
    at = 0 if first is None else bisect_left(wanted, first)
    return at < len(wanted) and (last is None or wanted[at] <= last)
