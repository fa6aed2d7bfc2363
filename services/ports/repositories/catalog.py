"""Repository of the data catalogue."""

from datetime import datetime
from typing import Protocol

from domain.catalog.entries import StoredTable


class CatalogReader(Protocol):
    """The tables of the warehouse that clients read."""

    def tables(self) -> dict[str, StoredTable]: ...
    def count(self, table: str) -> int: ...
    def last_run(self, stage: str) -> datetime | None: ...
