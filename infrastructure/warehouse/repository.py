"""Shared by the repositories: table lookup, chunks, and bulk inserts and upserts for both databases."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
import polars as pl
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from domain.lake.silver import ColumnTypes
from infrastructure.warehouse.array_parameters import MAX_ROWS, copy_lines, literal, parameters, source
from infrastructure.warehouse.postgresql import COPY

SQLITE_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"  # as infrastructure/warehouse/column_types.py `Instant` writes it
PLAIN_TYPES: dict[Any, type[pl.DataType]] = {pl.Datetime: pl.String, pl.Date: pl.String, pl.Boolean: pl.Int64}
IN_LIST_MAX_VALUES = 5_000  # of one IN list; SQLite allows 32,766 bound variables


def table(model: type[SQLModel]) -> Table:
    """Return the table of a SQLModel class."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


class Repository:
    """Base class: holds the connection of the transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def among(self, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
        """`column IN values` with the values bound as one JSON text or array: thousands of parameters would be slow."""
        if self.connection.dialect.name != "sqlite":
            text = bindparam(None, literal(pl.Series(list(values))), Text(), unique=True)
            # `= ANY` would read the array again for each row.
            return column.in_(select(func.unnest(cast(text, ARRAY(column.type)))))
        each = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
        return column.in_(select(each.c.value))

    def read_frame(
        self, query: Select[Any], types: ColumnTypes, among: tuple[ColumnElement[Any], Iterable[Any]] | None = None
    ) -> pl.DataFrame:
        """Return the rows of a query as a frame; with `among`, those whose column has one of the values."""
        queries = [query] if among is None else [query.where(self.among(among[0], part)) for part in chunks(among[1])]
        frames = [self._rows_as_frame(one, types) for one in queries]
        return pl.concat(frames) if frames else pl.DataFrame(schema=types)

    def _rows_as_frame(self, query: Select[Any], types: ColumnTypes) -> pl.DataFrame:
        with self.connection.execute(query) as result:
            if self.connection.dialect.name != "sqlite":
                return as_frame(result, types)
            # Rows of the driver itself: SQLAlchemy's work per row costs more than the query.
            return from_sqlite_rows(result.cursor.fetchall(), types)

    def delete_among(self, column: Column[Any], values: Iterable[Any]) -> None:
        """Delete the rows whose column has one of the values."""
        for part in chunks(values):
            self.connection.execute(delete(column.table).where(self.among(column, part)))

    def insert_frame(self, target: Table, frame: pl.DataFrame) -> None:
        """Insert the rows of a frame; its columns are columns of the table."""
        if self.connection.dialect.name == "sqlite":
            self._many(target, frame, "")
            return
        for part in frame.iter_slices(MAX_ROWS):
            statement = f'COPY "{target.name}" ({_names(frame)}) FROM STDIN (FORMAT csv)'
            self.connection.exec_driver_sql(statement, (copy_lines(part),), execution_options={COPY: True})

    def put_frame(self, target: Table, frame: pl.DataFrame, keys: Sequence[str], replaced: Sequence[str]) -> None:
        """Insert the rows; for existing keys, set the columns `replaced`."""
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in replaced)
        self._many(target, frame, f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sets}")

    def update_frame(self, target: Table, frame: pl.DataFrame, key: str) -> None:
        """Update the frame's columns in the rows that its column `key` names."""
        names = [name for name in frame.columns if name != key]
        if not frame.height:
            return
        if self.connection.dialect.name != "sqlite":
            sets = ", ".join(f'"{name}" = given."{name}"' for name in names)
            rows = f"{source(target, frame, self.connection.dialect)} AS given ({_names(frame)})"
            for part in parameters(frame):
                self.connection.exec_driver_sql(
                    f'UPDATE "{target.name}" SET {sets} FROM {rows} WHERE "{target.name}"."{key}" = given."{key}"',  # noqa: S608
                    part,
                )
            return
        sets = ", ".join(f'"{name}" = ?' for name in names)
        self.connection.exec_driver_sql(
            f'UPDATE "{target.name}" SET {sets} WHERE "{key}" = ?',  # noqa: S608
            plain(frame.select(*names, key)),
        )

    def _many(self, target: Table, frame: pl.DataFrame, conflict: str) -> None:
        """Insert rows, as tuples on SQLite and arrays on PostgreSQL. SQLAlchemy's work per parameter costs more than
        the insert, so it is bypassed."""
        if not frame.height:
            return
        if self.connection.dialect.name != "sqlite":
            rows = f"SELECT * FROM {source(target, frame, self.connection.dialect)}"  # noqa: S608
            for part in parameters(frame):
                self.connection.exec_driver_sql(f'INSERT INTO "{target.name}" ({_names(frame)}) {rows}{conflict}', part)
            return
        placeholders = ", ".join("?" * frame.width)
        insert = f'INSERT INTO "{target.name}" ({_names(frame)}) VALUES ({placeholders}){conflict}'  # noqa: S608
        self.connection.exec_driver_sql(insert, plain(frame))

    def inserting(self, target: Table) -> postgresql.Insert | sqlite.Insert:
        """Return an insert statement that supports ON CONFLICT."""
        return postgresql.insert(target) if self.connection.dialect.name == "postgresql" else sqlite.insert(target)

    def upsert(
        self, target: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str], changing: Iterable[str] | None = None
    ) -> None:
        """Insert rows; for existing keys, update the columns `changing` (default: all but the keys)."""
        if not rows:
            return
        insert = self.inserting(target)
        names = [name for name in rows[0] if name not in keys] if changing is None else list(changing)
        changed = {name: insert.excluded[name] for name in names}
        statement = (
            insert.on_conflict_do_update(index_elements=list(keys), set_=changed)
            if changed
            else insert.on_conflict_do_nothing(index_elements=list(keys))
        )
        self.connection.execute(statement, list(rows))


def dated(frame: pl.DataFrame, updated_at: datetime) -> pl.DataFrame:
    """Return the rows with their time of change."""
    return frame.with_columns(pl.lit(updated_at).alias("updated_at"))


def _names(frame: pl.DataFrame) -> str:
    return ", ".join(f'"{name}"' for name in frame.columns)


def plain(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows as SQLite stores them: instants and dates as text."""
    forms = {pl.Datetime: SQLITE_INSTANT, pl.Date: "%Y-%m-%d"}
    timed = [
        pl.col(name).dt.strftime(forms[kind.base_type()])
        for name, kind in frame.schema.items()
        if kind.base_type() in forms
    ]
    return (frame.with_columns(timed) if timed else frame).rows()


def from_sqlite_rows(rows: Sequence[tuple[Any, ...]], types: ColumnTypes) -> pl.DataFrame:
    """Return rows as SQLite stores them (see `plain`) as a frame of these types."""
    stored = {name: PLAIN_TYPES.get(kind.base_type(), kind) for name, kind in types.items()}
    c = pl.col
    typed: list[pl.Expr] = []
    for name, kind in types.items():
        if isinstance(kind, pl.Datetime):
            typed.append(c(name).str.to_datetime(SQLITE_INSTANT, time_unit=kind.time_unit, time_zone=kind.time_zone))
        elif stored[name] != kind:
            typed.append(c(name).str.to_date("%Y-%m-%d") if kind == pl.Date else c(name).cast(kind))
    frame = pl.DataFrame(rows, schema=stored, orient="row")
    return frame.with_columns(typed) if typed else frame


def as_frame(rows: Iterable[Iterable[Any]], types: ColumnTypes) -> pl.DataFrame:
    """Return database rows as a frame of these types."""
    return pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")


def delete_rows_of_ended_jobs(connection: Connection, target: Table, ended: Table, before: datetime, limit: int) -> int:
    """Delete the oldest rows up to the limit, if their job ended before that time; returns their number."""
    oldest = select(target.c.id, target.c.job_id).order_by(target.c.id).limit(limit).subquery()
    of_old_jobs = select(oldest.c.id).join(ended, ended.c.id == oldest.c.job_id).where(ended.c.finished_at < before)
    ids = list(connection.execute(of_old_jobs).scalars())
    for part in chunks(ids):
        connection.execute(delete(target).where(target.c.id.in_(part)))
    return len(ids)


def chunks(values: Iterable[Any], size: int = IN_LIST_MAX_VALUES) -> Iterator[list[Any]]:
    """Yield the values in lists of at most `size`."""
    remaining = iter(values)
    while part := list(islice(remaining, size)):
        yield part
