"""Columns as PostgreSQL array literals: a frame is one statement with one parameter per column.

One parameter per value would cost more than the write itself.
"""

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Dialect, Table

MAX_ROWS = 10_000  # per statement
INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def literal(values: pl.Series) -> str:
    """Return the values as a PostgreSQL array literal."""
    kind = values.dtype.base_type()
    if kind is pl.Datetime:
        values = values.dt.strftime(INSTANT)
    elif kind is pl.Binary:
        values = "\\x" + values.bin.encode("hex")
    text = values.cast(pl.String)
    if kind in {pl.String, pl.Binary}:
        text = '"' + text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True) + '"'
    return "{" + ",".join(text.fill_null("NULL")) + "}"


def source(target: Table, frame: pl.DataFrame, dialect: Dialect) -> str:
    """Return a row source for the frame, with a placeholder for the literal of each column."""
    types = [target.c[name].type.compile(dialect=dialect) for name in frame.columns]
    return f"unnest({', '.join(f'%s::{type_name}[]' for type_name in types)})"


def parameters(frame: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield the literals of the frame's columns, for up to MAX_ROWS rows each."""
    for part in frame.iter_slices(MAX_ROWS):
        yield tuple(literal(column) for column in part.get_columns())
