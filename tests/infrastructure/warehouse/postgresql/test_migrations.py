"""Migrations of a PostgreSQL with data."""

from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from tests.support import lines, load, move_state_there_and_back, release


def test_state_that_was_kept_as_watermarks_and_as_texts_gets_tables_of_its_own(lake_on_postgres: Parts) -> None:
    assert isinstance(lake_on_postgres.warehouse, SqlWarehouse)
    load(lake_on_postgres, "a.jsonl", lines([release()]))
    move_state_there_and_back(lake_on_postgres.warehouse)
