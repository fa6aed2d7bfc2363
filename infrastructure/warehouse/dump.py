"""Copies the whole warehouse in one snapshot, without outside programs: SQLite by its online backup, PostgreSQL by COPY
of each table in one REPEATABLE READ transaction."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, inspect, select, text
from sqlmodel import SQLModel

from domain.shared.errors import DamagedError
from infrastructure.warehouse.engine import SqlWarehouse

SQLITE_FILE = "warehouse.db"
CHUNK_BYTES = 1024 * 1024
Columns = dict[str, list[str]]  # of the dumped tables of PostgreSQL, in the order of the files
Rows = dict[str, int]  # number of rows by table


@contextmanager
def dumping(
    warehouse: SqlWarehouse, at_snapshot: Callable[[], None]
) -> Iterator[Callable[[Path], tuple[Columns, Rows]]]:
    """Take a snapshot, and yield a function that writes it into a folder.

    `at_snapshot` is called at its moment: no batch is opened, committed or closed meanwhile.
    """
    if warehouse.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(warehouse.engine.url.database), isolation_level=None)) as source:
            with warehouse.write():
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                at_snapshot()
            yield lambda folder: _copy_sqlite(source, folder)
    else:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with warehouse.engine.connect().execution_options(**options) as connection:
            with warehouse.write():
                connection.execute(text("SELECT 1"))
                at_snapshot()
            yield lambda folder: _copy_postgresql(connection, folder)


def _copy_sqlite(source: sqlite3.Connection, folder: Path) -> tuple[Columns, Rows]:
    with closing(sqlite3.connect(folder / SQLITE_FILE)) as target:
        source.backup(target)
    return {}, sqlite_rows(folder / SQLITE_FILE)


def sqlite_rows(path: Path) -> Rows:
    """Count the rows of a database that nothing writes to. DamagedError if it can't be read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return {name: _count(database, name) for (name,) in sorted(names)}
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"{path} can't be read: {error}") from error


def _count(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608  a name of its own


def _rows(connection: Connection, tables: Iterable[Table]) -> Rows:
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _copy_postgresql(connection: Connection, folder: Path) -> tuple[Columns, Rows]:
    found: Columns = {}
    for table in stored_tables(connection):
        found[table.name] = [column.name for column in table.columns]
        copy = f"COPY {_target(table.name, found[table.name])} TO STDOUT"
        with (folder / f"{table.name}.copy").open("wb") as file, _copying(connection, copy) as rows:
            for part in rows:
                file.write(part)
    return found, _rows(connection, stored_tables(connection))


def different_counts(expected: Rows, found: Rows) -> list[str]:
    """A line for each table that has another number of rows than expected."""
    return [
        f"{name} has {found.get(name, 'no')} rows instead of {count}"
        for name, count in expected.items()
        if found.get(name) != count
    ]


def load_postgresql(warehouse: SqlWarehouse, folder: Path, columns: Columns, rows: Rows) -> None:
    """Fill the tables from a dump, in one transaction; rows that they have are replaced.

    DamagedError if a table then has another number of rows than `rows` says.
    """
    with warehouse.engine.begin() as connection:
        tables = stored_tables(connection)
        for table in reversed(tables):
            connection.execute(table.delete())
        for name in [table.name for table in tables if table.name in columns]:
            copy = f"COPY {_target(name, columns[name])} FROM STDIN"
            with (folder / f"{name}.copy").open("rb") as file, _copying(connection, copy) as copying:
                while part := file.read(CHUNK_BYTES):
                    copying.write(part)
        if wrong := different_counts(rows, _rows(connection, tables)):
            raise DamagedError(f"the backup's database is damaged, nothing was restored: {'; '.join(wrong[:5])}")
        for table in tables:
            _continue_sequence(connection, table)
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for view in inspect(connection).get_materialized_view_names():
            connection.execute(text(f'REFRESH MATERIALIZED VIEW "{view}"'))


def stored_tables(connection: Connection) -> list[Table]:
    """The tables of this version that the database has; referenced ones first."""
    names = set(inspect(connection).get_table_names())
    return [table for table in SQLModel.metadata.sorted_tables if table.name in names]


def _continue_sequence(connection: Connection, table: Table) -> None:
    """Have the table's next row get a key above those that it has."""
    for column in table.primary_key:
        found = {"table": f'"{table.name}"', "column": column.name}
        sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), found).scalar()
        if sequence:
            connection.execute(select(func.setval(sequence, select(func.max(column)).scalar_subquery())))


@contextmanager
def _copying(connection: Connection, statement: str) -> Iterator[Any]:
    """A COPY of psycopg, which SQLAlchemy does not offer."""
    with connection.connection.cursor() as cursor, cursor.copy(statement) as rows:  # type: ignore[attr-defined]
        yield rows


def _target(table: str, columns: list[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f'"{table}" ({names})'
