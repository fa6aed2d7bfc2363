"""A warehouse from before exchange rates gets its base columns by migration; its facts are published again."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from alembic import command
from alembic.config import Config

from infrastructure.warehouse import migrate
from infrastructure.warehouse.engine import SqlWarehouse
from services.maintenance.rebuild import rebuild_gold
from services.pipeline.publishing.publish import publish
from services.ports.parts import Parts
from tests.services.exchange_rates.support import bases, priced, put, rate
from tests.support import back_to, drain, gold, lines, load, rows, verified

EMPTY = ("amount_base", "unit_amount_base", "rate", "rate_date")  # which the first version never filled


def of_the_first_version(parts: Parts, path: Path) -> str:
    """The same warehouse in the first version's schema: its URL."""
    url = f"sqlite:///{path}"
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, "0001")
    assert isinstance(parts.warehouse, SqlWarehouse)
    source = path.with_suffix(".source")
    with parts.warehouse.write() as work:
        work.connection.exec_driver_sql("DELETE FROM watermark WHERE part <> ''")
        work.commit()
    with closing(sqlite3.connect(parts.warehouse.url.removeprefix("sqlite:///"))) as connection:
        connection.execute("VACUUM INTO ?", (str(source),))
    back_to(f"sqlite:///{source}", "0013")  # the names of its columns are those of the first version
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS newer", (str(source),))
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
            )
        ]
        for table in tables:
            known = [row[1] for row in connection.execute(f"PRAGMA main.table_info('{table}')")]
            columns = ", ".join(f'"{name}"' for name in known if name not in EMPTY)
            connection.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM newer."{table}"')
    return url


def test_facts_of_an_older_warehouse_are_converted_after_the_migration(lake_home: Parts, tmp_path: Path) -> None:
    load(
        lake_home,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03"), priced("ocds-rates1-2", 7, "EUR", "2024-01-03")]),
    )
    before = gold(lake_home)
    url = of_the_first_version(lake_home, tmp_path / "old.db")
    migrate.upgrade(url)
    old = replace(lake_home, warehouse=SqlWarehouse(url))
    assert bases(old)["ocds-rates1-2"] == (None, None, None, None)
    publish(old)
    drain(old)
    rebuild_gold(old)  # counts what the older version did not
    drain(old)
    assert gold(old) == before
    assert bases(old)["ocds-rates1-2"][0] == 7
    put(old, rate("2024-01-02", "USD", 1.25))
    assert bases(old)["ocds-rates1-1"][0] == 80
    assert [row["rate"] for row in rows(old, "dim_exchange_rate")] == [1.25]
    assert verified(old, tmp_path / "home") == []
    old.warehouse.close()  # type: ignore[attr-defined]
