"""The bronze rows of chosen versions of records."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl


class Version(Protocol):
    """A version of a record in a batch."""

    @property
    def record_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def batch_id(self) -> int: ...


def only_versions(bronze: pl.DataFrame, wanted: Sequence[Version]) -> pl.DataFrame:
    """The bronze rows of these versions."""
    keys = {
        "record_id": [version.record_id for version in wanted],
        "version": [version.version for version in wanted],
        "batch": [version.batch_id for version in wanted],
    }
    types = {"record_id": pl.String, "version": pl.Int32, "batch": pl.Int64}
    return bronze.join(pl.DataFrame(keys, schema=types), on=list(keys), how="inner")
