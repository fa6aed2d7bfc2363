"""What the repositories share: table lookup, chunks and upserts that both databases understand."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

SQLITE_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"  # as infrastructure/warehouse/types.py `Instant` writes it
CHUNK = 5_000  # bound variables of one IN list; SQLite allows 32,766


def table(model: type[SQLModel]) -> Table:
    """The table behind a SQLModel class."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


class Repository:
    """Holds the transaction's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert_frame(self, target: Table, frame: pl.DataFrame) -> None:
        """Insert the rows of a frame whose columns are the table's.

        SQLite takes them as tuples, past SQLAlchemy's work on each parameter, which costs more than the insert itself.
        """
        if not frame.height:
            return
        if self.connection.dialect.name != "sqlite":
            self.connection.execute(target.insert(), frame.to_dicts())
            return
        columns = [target.c[name] for name in frame.columns]
        names = ", ".join(f'"{column.name}"' for column in columns)
        rows = frame.with_columns(cs.datetime().dt.strftime(SQLITE_INSTANT), cs.date().dt.strftime("%Y-%m-%d")).rows()
        places = ", ".join("?" * len(columns))
        self.connection.exec_driver_sql(f'INSERT INTO "{target.name}" ({names}) VALUES ({places})', rows)  # noqa: S608

    def inserting(self, target: Table) -> postgresql.Insert | sqlite.Insert:
        """An insert that can be told what to do on a conflict."""
        return postgresql.insert(target) if self.connection.dialect.name == "postgresql" else sqlite.insert(target)

    def upsert(self, target: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str], update: Iterable[str] | None = None) -> None:
        """Insert rows, or update the columns named (default: all but the keys) of those whose keys exist."""
        if not rows:
            return
        insert = self.inserting(target)
        names = [name for name in rows[0] if name not in keys] if update is None else list(update)
        changed = {name: insert.excluded[name] for name in names}
        statement = (
            insert.on_conflict_do_update(index_elements=list(keys), set_=changed) if changed else insert.on_conflict_do_nothing(index_elements=list(keys))
        )
        self.connection.execute(statement, list(rows))


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """The values in lists of at most `size`."""
    source = iter(values)
    while part := list(islice(source, size)):
        yield part
