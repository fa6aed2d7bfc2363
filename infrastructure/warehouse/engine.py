"""The warehouse's connections: one engine, readers that never wait, and writers that take their turn at BEGIN."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from domain.errors import UnavailableError
from infrastructure.warehouse.unit_of_work import UnitOfWork

BUSY = 30_000  # ms that SQLite waits for a lock
CLOSELY = 2.0  # seconds in which a writer looks every LOOK seconds whether its turn has come, before it leaves that to SQLite
LOOK = 0.002
SCRUBBING = 60.0  # seconds to wait for those who read what is to go for good
LOG = 16_000  # pages of the write-ahead log from which on `tidy` takes them to their places
LONGEST_LOG = 4 * LOG  # from here on whoever commits does so, and waits for it: where nobody tidies, or not fast enough
PAGE = 4_096  # bytes
TURN = 0x74656E6465726C  # the advisory lock of PostgreSQL that writers hold: any number that is ours alone


def make_engine(url: str) -> Engine:
    """An engine for the URL, with SQLite set to WAL and to BEGIN IMMEDIATE for writers.

    Its errors quote no values, which may be of records.
    """
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True, isolation_level="REPEATABLE READ", hide_parameters=True)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    arguments = {"timeout": 30, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    # Writers take their turn, as SQLite has them do: the next place in the log is the last one plus one.
    if connection.get_execution_options().get("writer"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY}",
        "foreign_keys=ON",
        "cache_size=-32768",
        f"cache_spill={LOG}",  # pages that a transaction may change in memory; those behind it are written again and again
        f"wal_autocheckpoint={LONGEST_LOG}",
        "temp_store=MEMORY",
        f"journal_size_limit={LOG * PAGE}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("unicode_lower", 1, lambda text: text.lower() if isinstance(text, str) else text, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that first reads and then writes fails at once when another writer came between; see stack notes in docs.
    if not connection.get_execution_options().get("writer"):
        connection.exec_driver_sql("BEGIN DEFERRED")
    elif not _took_turn(connection.connection.driver_connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _took_turn(raw: Any) -> bool:
    """Whether a writer's turn came within CLOSELY. SQLite itself looks every 100 ms after a while, and misses turns that are shorter."""
    raw.execute("PRAGMA busy_timeout=0")
    end = monotonic() + CLOSELY
    try:
        while monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    return False
            sleep(LOOK)
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY}")


class Warehouse:
    """Opens units of work. `write()` commits only when asked to: leaving it without `commit()` rolls back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._tidied = 0
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(writer=True)
        if self.engine.dialect.name == "postgresql":
            # What a writer reads is what stands at its turn, not what stood when it began to wait.
            self._writer = self._writer.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A consistent view of the warehouse; writes through it are a mistake."""
        with self.engine.connect() as connection:
            yield UnitOfWork(connection)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """The only writer at that moment; keep it to a fraction of a second."""
        with self._writer.connect() as connection:
            yield UnitOfWork(connection)

    def scrub(self) -> None:
        """Leave nothing on disk of rows that were deleted: SQLite's file is written anew. PostgreSQL looks after that itself, in its own time.

        UnavailableError where somebody goes on reading what was before.
        """
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            end = monotonic() + SCRUBBING
            while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]:  # 1 where `tidy`, say, was at it
                if monotonic() > end:
                    raise UnavailableError("the warehouse is still read as it was: what was deleted stands in its write-ahead log")
                sleep(LOOK)
        finally:
            connection.close()

    def tidy(self) -> None:
        """Take the pages of a long write-ahead log to their places, beside whoever reads and writes. PostgreSQL looks after that itself."""
        log = Path(f"{self.engine.url.database}-wal")
        if self.engine.dialect.name != "sqlite" or not log.exists():
            return
        state = log.stat()
        if state.st_size < LOG * PAGE or state.st_mtime_ns == self._tidied:
            return
        self._tidied = state.st_mtime_ns
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def check(self) -> None:
        """Raise UnavailableError where the database does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except Exception as error:
            raise UnavailableError(f"the warehouse does not answer: {error}") from error
