"""One cache of compiled statements for all SQLite engines of a process.

An engine has a cache of its own, and nearly each test an engine of its own: compiling the same statements again and
again took a fifth of the suite's time. All their dialects are alike, so they may count as one key of the cache.
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

STATEMENTS: LRUCache[object, object] = LRUCache(5_000)


def share() -> None:
    """Have all engines use it that are connected from now on."""
    SQLiteDialect_pysqlite.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[assignment,method-assign]
    SQLiteDialect_pysqlite.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]

    @event.listens_for(Engine, "engine_connect")
    def _use(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.execution_options(compiled_cache=STATEMENTS)
