"""Connections to PostgreSQL with timeouts for connecting, a silent server, statements and the connection pool.

The kernel of a stopped server still acknowledges packets, so no TCP timeout ends a wait for it. After
`connect_seconds` of silence a wait therefore opens a second connection as a probe: if that fails too, the wait ends.
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
WRONG_SETTING = re.compile("password|does not exist|pg_hba")  # errors that waiting does not cure
STATEMENT_TIMEOUT = "57014"  # query_canceled


@dataclass(frozen=True)
class Timeouts:
    """Timeouts for PostgreSQL; `statement_seconds` None means no limit, for commands and workers with long
    statements."""

    connect_seconds: float = 5.0
    statement_seconds: float | None = None
    pool_seconds: float = 10.0


def make_postgresql_engine(url: str, timeouts: Timeouts) -> Engine:
    """Return an engine that raises AwayError while the server is away; its errors contain no parameter values."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=timeouts.pool_seconds,
        isolation_level="REPEATABLE READ",
        hide_parameters=True,
    )
    server = server_of(engine)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", lambda context: _translate(context, engine, server))
    if engine.dialect.driver == "psycopg":
        event.listen(engine, "do_connect", lambda _dialect, _record, args, options: _connect(args, options, timeouts))
        event.listen(engine, "connect", lambda connection, _record: _limit_statements(connection, timeouts))
    event.listen(engine, "connect", lambda _connection, _record: server.answered())
    return engine


def server_of(engine: Engine) -> Server:
    """Return the shared state of the engine's server."""
    return server_at("PostgreSQL", f"{engine.url.host}:{engine.url.port}/{engine.url.database}")


def _begin(connection: Connection) -> None:
    # One writer at a time, as on SQLite: the next sequence number is the last one plus one.
    if connection.get_execution_options().get("writer"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _connect(args: Any, options: dict[str, Any], timeouts: Timeouts) -> Any:
    import psycopg

    given = {"connect_timeout": max(2, ceil(timeouts.connect_seconds))} | options  # libpq's minimum is 2 seconds
    connection = _watched_class().connect(*args, **given)
    connection.watch(lambda: psycopg.connect(*args, **given).close(), timeouts.connect_seconds)
    return connection


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
            """Run `probe` after so many seconds of silence; a ConnectionTimeout of it ends the wait."""
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
            except psycopg.errors.ConnectionTimeout:
                self.pgconn.finish()
                raise SilentError(
                    f"it has sent nothing for {self.silence_seconds:.0f} s and takes no connection"
                ) from None
            except psycopg.Error:
                return  # the server answers; if it is shutting down, it closes this connection too

    return WatchedConnection


def _limit_statements(connection: Any, timeouts: Timeouts) -> None:
    if timeouts.statement_seconds is None:
        return
    before, connection.autocommit = connection.autocommit, True
    connection.execute(f"SET statement_timeout = {ceil(timeouts.statement_seconds * 1000)}")
    connection.autocommit = before


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
