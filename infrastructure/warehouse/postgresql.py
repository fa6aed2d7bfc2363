"""Connections to PostgreSQL with timeouts for connecting, a silent server, statements and the connection pool.

The kernel of a stopped server still acknowledges packets, so no TCP timeout ends a wait for it. After
`connect_seconds` of silence a wait therefore opens a second connection as a probe: if that fails too, the wait ends.

Nothing outlives a transaction on a connection (no SET, no prepared statement, no session lock), so that a pooler in
transaction mode such as PgBouncer may stand between.
"""

import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from domain.shared.errors import UnavailableError
from infrastructure.system.outage import Server, server_at

WRITER_LOCK = 0x74656E6465726C  # advisory lock of writers; any number that no other application uses
COPY = "copy"  # execution option of a COPY statement
IDLE_CONNECTIONS = 5  # of a process that are kept open while nobody uses them
WRONG_SETTING = re.compile(  # errors that waiting does not cure, of PostgreSQL, PgBouncer, Supavisor and libpq
    "password|authentication failed|does not exist|pg_hba|no such (user|database)|user not found"
    "|certificate|SSL required|does not support SSL"
)
POOLER_WITHOUT_SERVER = re.compile("server login has been failing|cannot connect to server")  # of PgBouncer
STATEMENT_TIMEOUT = "57014"  # query_canceled


@dataclass(frozen=True)
class Timeouts:
    """Timeouts for PostgreSQL; `statement_seconds` None means no limit, for commands and workers with long
    statements."""

    connect_seconds: float = 5.0
    statement_seconds: float | None = None
    pool_seconds: float = 10.0
    pool_connections: int = 15


def make_postgresql_engine(url: str, timeouts: Timeouts) -> Engine:
    """Return an engine that raises AwayError while the server is away; its errors contain no parameter values."""
    engine = create_engine(
        postgresql_url(url),
        pool_pre_ping=True,
        pool_size=min(timeouts.pool_connections, IDLE_CONNECTIONS),
        max_overflow=max(0, timeouts.pool_connections - IDLE_CONNECTIONS),
        pool_timeout=timeouts.pool_seconds,
        isolation_level="REPEATABLE READ",
        hide_parameters=True,
    )
    server = server_of(engine)
    event.listen(engine, "begin", lambda connection: _begin(connection, timeouts))
    event.listen(engine, "handle_error", lambda context: _translate(context, engine, server))
    if engine.dialect.driver == "psycopg":
        event.listen(engine, "do_execute", _copy)
        event.listen(engine, "do_connect", lambda _dialect, _record, args, options: _connect(args, options, timeouts))
    event.listen(engine, "connect", lambda connection, _record: _check_answer(connection, server))
    return engine


def server_of(engine: Engine) -> Server:
    """Return the shared state of the engine's server."""
    return server_at("PostgreSQL", f"{engine.url.host}:{engine.url.port}/{engine.url.database}")


def postgresql_url(url: str) -> str:
    """Return the URL for psycopg, however its scheme is spelled: hosts of PostgreSQL show it without the driver."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _begin(connection: Connection, timeouts: Timeouts) -> None:
    if timeouts.statement_seconds is not None:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {ceil(timeouts.statement_seconds * 1000)}")
    # One writer at a time, as on SQLite: the next sequence number is the last one plus one.
    if connection.get_execution_options().get("writer"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _copy(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Run a COPY, whose parameter is its input, in the place of SQLAlchemy, which keeps to the handling of errors."""
    if not context.execution_options.get(COPY):
        return False
    with cursor.copy(statement) as copy:
        copy.write(parameters[0])
    return True


def _connect(args: Any, options: dict[str, Any], timeouts: Timeouts) -> Any:
    import psycopg

    # libpq's minimum is 2 seconds. A prepared statement would belong to a connection that a pooler hands to others.
    given = {"connect_timeout": max(2, ceil(timeouts.connect_seconds)), "prepare_threshold": None} | options
    watched = _watched_class()

    def probe() -> None:
        # A pooler takes connections also while its server does not answer; a statement tells.
        with watched.connect(*args, **given, autocommit=True) as second:
            second.watch(give_up, timeouts.connect_seconds)
            second.execute("SELECT 1")

    def give_up() -> None:
        raise psycopg.errors.ConnectionTimeout

    connection = watched.connect(*args, **given)
    connection.watch(probe, timeouts.connect_seconds)
    return connection


def _check_answer(connection: Any, server: Server) -> None:
    if server.away:  # a connection alone may be one to a pooler
        connection.rollback()
        connection.cursor().execute("SELECT 1")
        connection.rollback()
    server.answered()


@cache
def _watched_class() -> Any:
    """Return the class of connections that watch for a silent server; psycopg is optional and imported on first use."""
    import psycopg

    class SilentError(psycopg.OperationalError):
        """Raised when the server neither answers nor takes connections."""

        silent = True

    class WatchedConnection(psycopg.Connection[Any]):
        """A connection whose waits end if the server stops answering."""

        probe: Callable[[], None] | None = None
        silence_seconds = 0.0

        def watch(self, probe: Callable[[], None], silence_seconds: float) -> None:
            """Run `probe` after so many seconds of silence; a ConnectionTimeout or silence of it ends the wait."""
            self.probe, self.silence_seconds = probe, silence_seconds

        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            return super().wait(self._watched(gen), *args, **kwargs)

        def _watched(self, gen: Generator[Any, int, Any]) -> Generator[Any, int, Any]:
            try:
                wanted = next(gen)
                heard = time.monotonic()
                while True:
                    ready = yield wanted
                    if ready:
                        heard = time.monotonic()
                    elif self.probe and time.monotonic() - heard > self.silence_seconds:
                        self._probe(self.probe)
                        heard = time.monotonic()
                    wanted = gen.send(ready)
            except StopIteration as end:
                return end.value

        def _probe(self, probe: Callable[[], None]) -> None:
            try:
                probe()
            except psycopg.Error as error:
                timed_out = isinstance(error, psycopg.errors.ConnectionTimeout | SilentError)
                if not timed_out and not POOLER_WITHOUT_SERVER.search(str(error)):
                    return  # the server answers; if it is shutting down, it closes this connection too
                self.pgconn.finish()
                text = f"it has sent nothing for {self.silence_seconds:.0f} s, nor does it answer another connection"
                raise SilentError(text) from None

    return WatchedConnection


def _translate(context: ExceptionContext, engine: Engine, server: Server) -> UnavailableError | None:
    """Return the error to raise in place of the driver's; None to raise the driver's."""
    error = context.original_exception
    if context.is_pre_ping and not getattr(error, "silent", False):
        return None  # an idle connection broke; a new one shows the server's state
    if context.connection is None and WRONG_SETTING.search(str(error)):
        return None  # waiting does not help
    if context.is_disconnect or context.connection is None:
        if not server.away:
            engine.dispose()  # only new connections show whether the server is back
        return server.failed(error)
    if getattr(error, "sqlstate", None) == STATEMENT_TIMEOUT:
        return UnavailableError("PostgreSQL took too long over a statement; try again")
    return None
