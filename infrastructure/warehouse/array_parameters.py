"""Frames as text that PostgreSQL reads: array literals, one parameter per column, and the lines of COPY.

One parameter per value would cost more than the write itself. docs/decisions/0012-copy-and-arrays.md has the figures.
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


def copy_lines(frame: pl.DataFrame) -> str:
    """Return the rows in the CSV format of COPY: texts are quoted, so that an empty field is NULL."""
    binary = [name for name, kind in frame.schema.items() if kind == pl.Binary]
    written = frame.with_columns(("\\x" + pl.col(name).bin.encode("hex")).alias(name) for name in binary)
    return written.write_csv(include_header=False, quote_style="non_numeric", datetime_format=INSTANT)
