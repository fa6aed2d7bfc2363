"""Files that clients export."""

from collections.abc import Iterable, Iterator
from typing import IO, Protocol

import polars as pl

from domain.star.exports import ExportFormat


class TableExports(Protocol):
    """Writes frames as files."""

    def write_bytes(self, parts: Iterable[bytes]) -> IO[bytes]: ...
    def write(self, frames: Iterator[pl.DataFrame], schema: pl.Schema, form: ExportFormat) -> IO[bytes]: ...
