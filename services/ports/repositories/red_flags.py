"""Repository of red flags."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from domain.red_flags.inputs import Inputs


class RedFlagReader(Protocol):
    """What red flags are computed from, and those that are stored."""

    def inputs(self, process_keys: Sequence[int] | None = None) -> Inputs: ...
    def identities(self) -> pl.DataFrame: ...
    def stored(self, process_keys: Sequence[int] | None = None) -> pl.DataFrame: ...
    def versions(self, process_keys: Iterable[int], organization_ids: Iterable[str]) -> pl.DataFrame: ...
    def thresholds(self) -> dict[str, Any]: ...


class RedFlagWriter(RedFlagReader, Protocol):
    """Replacing red flags, and the rows of dim_indicator."""

    def replace(self, keys: Iterable[int], rows: pl.DataFrame) -> None: ...
    def write_indicators(self, rows: Sequence[dict[str, Any]], updated_at: datetime) -> None: ...
