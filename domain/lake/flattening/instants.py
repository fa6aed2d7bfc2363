"""Texts as instants: the common format by column, other formats one by one. Pure."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from domain.lake.silver import INSTANT
from domain.shared.dates import instant

# Date format of most publishers, which polars parses by column; other formats are parsed one by one.
COMMON_DATE = r"^[12]\d{3}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(Z|[+-](0\d|1[0-4]):[0-5]\d)$"
COMMON_DATE_FORMAT = "%Y-%m-%dT%H:%M:%S%:z"


def instants(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the frame with these text columns as instants; invalid dates become null (validation has noted them)."""
    texts = [pl.when(pl.col(name).str.contains(COMMON_DATE)).then(pl.col(name)) for name in columns]
    common = [text.str.replace("Z", "+00:00", literal=True) for text in texts]
    dates = [text.str.to_datetime(COMMON_DATE_FORMAT, time_unit="us", strict=False) for text in common]
    read = frame.select(date.alias(name) for date, name in zip(dates, columns, strict=True))
    return frame.with_columns(_others(frame[name], read[name]) for name in columns)


def _others(texts: pl.Series, read: pl.Series) -> pl.Series:
    """Return `read` with the missing instants parsed from `texts` one by one (`instant`)."""
    others = texts.filter(read.is_null() & texts.is_not_null()).unique()
    if not others.len():
        return read
    values = pl.Series([_read(text) for text in others], dtype=INSTANT)
    return read.fill_null(texts.replace_strict(others, values, default=None, return_dtype=INSTANT))


def _read(text: str) -> Any:
    found = instant(text)
    return found[0] if found else None
