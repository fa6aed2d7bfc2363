"""Files that clients export."""

from collections.abc import Iterable, Iterator
from typing import IO, Protocol

import polars as pl

from domain.star.exports import ExportFormat


class TableExports(Protocol):
    """Writes frames as files."""

    def save(self, name: str, file: IO[bytes]) -> int:
        """Keep a file, durably, under a name; its size in bytes."""

    def open(self, name: str) -> IO[bytes] | None:
        """The kept file of that name."""

    def delete(self, name: str) -> None:
        """Delete the kept file of that name, if there is one."""

    def write_bytes(self, parts: Iterable[bytes]) -> IO[bytes]: ...
    def write(self, frames: Iterator[pl.DataFrame], schema: pl.Schema, form: ExportFormat) -> IO[bytes]: ...
