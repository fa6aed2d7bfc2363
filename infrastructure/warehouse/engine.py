"""Connections to the warehouse: one engine, readers that never block, and writers that take turns at BEGIN."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.shared.errors import UnavailableError
from infrastructure.system.outage import Server
from infrastructure.warehouse.postgresql import Timeouts, make_postgresql_engine, server_of
from infrastructure.warehouse.unit_of_work import SqlUnitOfWork

BUSY_TIMEOUT_MS = 30_000  # that SQLite waits for a lock
WRITER_POLL_SECONDS = 2.0  # a writer polls for the lock this long before it leaves the waiting to SQLite
WRITER_POLL_INTERVAL_SECONDS = 0.02
PRIORITY_POLL_INTERVAL_SECONDS = 0.002  # of the API, whose writers so come before the stages'
PAUSE_SECONDS = 0.01  # of a stage after a long transaction, in which writers of the API take their turn
LONG_TRANSACTION_SECONDS = 0.05
VACUUM_WAIT_SECONDS = 60.0  # for readers of deleted rows to finish
LOG_CHECKPOINT_PAGES = 16_000  # a write-ahead log from this size on is checkpointed by `checkpoint_log`
LOG_MAX_PAGES = 4 * LOG_CHECKPOINT_PAGES  # from this size on every commit checkpoints it, and waits: a fallback
PAGE_BYTES = 4_096  # bytes


def make_engine(url: str, timeouts: Timeouts | None = None) -> Engine:
    """Return an engine for the URL; SQLite with WAL, and BEGIN IMMEDIATE for writers.

    Its errors contain no parameter values, which may be personal data.
    """
    if not url.startswith("sqlite"):
        return make_postgresql_engine(url, timeouts or Timeouts())
    arguments = {"timeout": 30, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "cache_size=-32768",
        f"cache_spill={LOG_CHECKPOINT_PAGES}",  # changed pages in memory; more are written repeatedly
        f"wal_autocheckpoint={LOG_MAX_PAGES}",
        "temp_store=MEMORY",
        f"journal_size_limit={LOG_CHECKPOINT_PAGES * PAGE_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function(
        "unicode_lower", 1, lambda text: text.lower() if isinstance(text, str) else text, deterministic=True
    )


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    _set_query_only(connection.connection, bool(options.get("reader")))
    # A deferred transaction that first reads and then writes fails at once when another writer came between; see stack
    # notes in docs.
    interval = PRIORITY_POLL_INTERVAL_SECONDS if options.get("priority") else WRITER_POLL_INTERVAL_SECONDS
    if not options.get("writer"):
        connection.exec_driver_sql("BEGIN DEFERRED")
    elif not _took_turn(connection.connection.driver_connection, interval):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _set_query_only(pooled: PoolProxiedConnection, query_only: bool) -> None:
    """Have SQLite refuse writes, or take them again.

    Readers and writers share the pool; the mode is kept, and set where it changes alone.
    """
    if pooled.info.get("query_only", False) != query_only:
        pooled.cursor().execute(f"PRAGMA query_only={'ON' if query_only else 'OFF'}")
        pooled.info["query_only"] = query_only


def _took_turn(raw: Any, interval: float) -> bool:
    """Whether a writer's turn came within WRITER_POLL_SECONDS.

    SQLite itself polls every 100 ms after a while, and misses shorter gaps between writers.
    """
    raw.execute("PRAGMA busy_timeout=0")
    end = monotonic() + WRITER_POLL_SECONDS
    try:
        while monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    return False
            sleep(interval)
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


class SqlWarehouse:
    """Opens units of work. Leaving `write()` without `commit()` rolls back.

    On SQLite, writers with `priority` come before others that wait.
    """

    def __init__(self, url: str, timeouts: Timeouts | None = None, *, priority: bool = False) -> None:
        self.url = url
        self._checkpointed_mtime_ns = 0
        self._pauses = not priority and url.startswith("sqlite")
        self._pause_ends_at = 0.0  # monotonic
        self.engine = make_engine(url, timeouts)
        self._reader = self.engine.execution_options(reader=True)
        self._writer = self.engine.execution_options(writer=True, priority=priority)
        self._server: Server | None = None
        if self.engine.dialect.name == "postgresql":
            # A writer must see the state at its turn, not the state when it began to wait.
            self._writer = self._writer.execution_options(isolation_level="READ COMMITTED")
            self._reader = self._reader.execution_options(postgresql_readonly=True)
            self._server = server_of(self.engine)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A consistent snapshot for reading only. AwayError if the database does not answer."""
        with self._connect(self._reader) as connection:
            yield SqlUnitOfWork(connection)

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """The only write transaction at that moment; keep it below a second. AwayError if the database is away."""
        sleep(max(0.0, self._pause_ends_at - monotonic()))
        with self._connect(self._writer) as connection:
            begun = monotonic()
            yield SqlUnitOfWork(connection)
        if self._pauses and monotonic() - begun > LONG_TRANSACTION_SECONDS:
            self._pause_ends_at = monotonic() + PAUSE_SECONDS

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        if self._server:
            self._server.admit()
        try:
            connection = engine.connect()
        except PoolTimeoutError as error:
            if self._server and self._server.away:
                raise self._server.failed(error) from error
            raise UnavailableError("all connections to the warehouse are in use; try again") from error
        if self._server:
            self._server.answered()
        with connection:
            yield connection

    def wait(self, seconds: float) -> None:
        """Wait until the database answers; AwayError after so many seconds."""
        if self._server:
            self._server.wait(self.check, seconds)

    def vacuum(self) -> None:
        """Remove deleted rows from disk: SQLite rewrites its file. PostgreSQL vacuums itself.

        UnavailableError if a reader keeps the old state open.
        """
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()
        try:
            _set_query_only(connection, False)
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            end = monotonic() + VACUUM_WAIT_SECONDS
            # The result is 1 while another connection checkpoints.
            while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]:
                if monotonic() > end:
                    raise UnavailableError("a reader keeps the write-ahead log open; deleted rows are still in it")
                sleep(WRITER_POLL_INTERVAL_SECONDS)
        finally:
            connection.close()

    def refresh_view(self, name: str) -> None:
        """Refresh a materialised view of PostgreSQL. Readers see its old rows meanwhile."""
        with self._connect(self.engine.execution_options(isolation_level="AUTOCOMMIT")) as connection:
            connection.exec_driver_sql(f'REFRESH MATERIALIZED VIEW CONCURRENTLY "{name}"')

    def checkpoint_log(self) -> None:
        """Checkpoint a long write-ahead log without blocking readers and writers. PostgreSQL does that itself."""
        log = Path(f"{self.engine.url.database}-wal")
        if self.engine.dialect.name != "sqlite" or not log.exists():
            return
        state = log.stat()
        if state.st_size < LOG_CHECKPOINT_PAGES * PAGE_BYTES or state.st_mtime_ns == self._checkpointed_mtime_ns:
            return
        self._checkpointed_mtime_ns = state.st_mtime_ns
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def check(self) -> None:
        """UnavailableError if the database does not answer."""
        try:
            with self._connect(self.engine) as connection:
                connection.exec_driver_sql("SELECT 1")
        except UnavailableError:
            raise
        except Exception as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise UnavailableError(f"the warehouse does not answer: {' '.join(str(cause).split())}") from error
