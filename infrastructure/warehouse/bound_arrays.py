"""Columns as PostgreSQL's array literals: a frame is one statement with a parameter a column, where a parameter a value costs more than the write itself."""

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Dialect, Table

MOST_ROWS = 10_000  # of a statement
INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def literal(values: pl.Series) -> str:
    """The values as PostgreSQL reads an array."""
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
    """The frame as a source of rows, with a place for the literal of each of its columns."""
    types = [target.c[name].type.compile(dialect=dialect) for name in frame.columns]
    return f"unnest({', '.join(f'%s::{one}[]' for one in types)})"


def parameters(frame: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    """The literals of the frame's columns, a few thousand rows at a time."""
    for part in frame.iter_slices(MOST_ROWS):
        yield tuple(literal(column) for column in part.get_columns())
