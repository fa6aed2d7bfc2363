"""Results of statements on the star as frames, a bounded number of rows at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Double, Integer, Select, String, cast, type_coerce

from domain.star.exports import COLUMN_TYPES, FrameStream, column_schema
from domain.star.queries import FieldKind

FRAME_ROWS = 20_000
# SQLite keeps these as text or integers: they are converted by column, not value by value.
SQLITE_TYPES: Mapping[FieldKind, tuple[Any, pl.DataType]] = {
    FieldKind.INSTANT: (String(), pl.String()),
    FieldKind.DATE: (String(), pl.String()),
    FieldKind.BOOLEAN: (Integer(), pl.Int64()),
    FieldKind.NUMBER: (Double(), pl.Float64()),
}


def frame_column(connection: Connection, column: ColumnElement[Any], kind: FieldKind) -> ColumnElement[Any]:
    """The column as `frames` expects it."""
    if connection.dialect.name == "sqlite":
        return type_coerce(column, SQLITE_TYPES[kind][0]) if kind in SQLITE_TYPES else column
    return cast(column, Double()) if kind is FieldKind.NUMBER else column


def frames(connection: Connection, statement: Select[Any], kinds: Mapping[str, FieldKind]) -> FrameStream:
    """The rows of the statement, whose columns were made by `frame_column` and have these names and kinds in order.

    Who doesn't read them to the end closes it before the connection.
    """
    sqlite = connection.dialect.name == "sqlite"
    raw = {
        name: SQLITE_TYPES[kind][1] if sqlite and kind in SQLITE_TYPES else COLUMN_TYPES[kind]
        for name, kind in kinds.items()
    }
    convert = _conversions(kinds) if sqlite else []
    # SQLite reads row by row as it is, and no column needs SQLAlchemy's conversion: the driver's rows are taken.
    options = {} if sqlite else {"stream_results": True, "max_row_buffer": FRAME_ROWS}
    found = False
    with connection.execution_options(**options).execute(statement) as result:
        cursor: Any = result.cursor if sqlite else result
        while rows := cursor.fetchmany(FRAME_ROWS):
            found = True
            yield pl.DataFrame(_columns(rows, raw), schema=raw).with_columns(convert)
    if not found:
        yield pl.DataFrame(schema=column_schema(kinds))


def _columns(rows: Sequence[Sequence[Any]], schema: Mapping[str, pl.DataType]) -> dict[str, Sequence[Any]]:
    return dict(zip(schema, zip(*rows, strict=True), strict=True))


def _conversions(kinds: Mapping[str, FieldKind]) -> list[pl.Expr]:
    expressions = {
        FieldKind.INSTANT: lambda column: column.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.6fZ", time_unit="us", time_zone="UTC"
        ),
        FieldKind.DATE: lambda column: column.str.to_date("%Y-%m-%d"),
        FieldKind.BOOLEAN: lambda column: column.cast(pl.Boolean),
    }
    return [expressions[kind](pl.col(name)) for name, kind in kinds.items() if kind in expressions]
