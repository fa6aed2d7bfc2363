"""The Delta lake: bronze and silver."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from domain.catalog.entries import StoredSize


class Lake(Protocol):
    """Bronze and silver."""

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None: ...
    def read_bronze(
        self,
        kind: str,
        batches: Sequence[int],
        columns: Sequence[str],
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame: ...
    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None: ...
    def read_silver(
        self,
        table: str,
        silver_batches: Sequence[int],
        columns: Sequence[str] | None = None,
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame: ...
    def erase_bronze(
        self, kind: str, record_id: str, batches: Sequence[int], before: int, uncommitted: Sequence[int]
    ) -> None: ...
    def erase_silver(self, table: str, key: str, name: str, before: int) -> None: ...
    def vacuum_erased(self, kinds: Sequence[str], tables: Sequence[str]) -> bool: ...
    def size(self, layer: str, table: str) -> StoredSize | None:
        """The size of a table of `bronze` or `silver`, as written; None before its first rows."""

    def needs_compaction(self) -> bool: ...
    def compact(self) -> None: ...
