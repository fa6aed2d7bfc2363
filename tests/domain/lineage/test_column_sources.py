"""The declared column lineage fits the real tables."""

import pytest

from domain.lake.bronze import BRONZE
from domain.lake.silver import ALL_TABLES
from domain.lineage.gold_sources import DECLARED, column_sources
from domain.lineage.silver_sources import SILVER_SOURCES
from domain.ocds.models import CompiledReleaseModel
from infrastructure.warehouse.star.gold_tables import gold_table, star_tables


@pytest.mark.parametrize("table", ALL_TABLES)
def test_every_column_of_silver_has_its_sources(table: str) -> None:
    declared = SILVER_SOURCES[table]
    assert declared.keys() == ALL_TABLES[table].keys()
    for sources in declared.values():
        for source in sources:
            assert source.startswith("/") or source in BRONZE, source


@pytest.mark.parametrize("table", [name for name in ALL_TABLES if "ocid" in ALL_TABLES[name] and name != "file"])
def test_paths_of_releases_begin_with_a_modelled_field(table: str) -> None:
    fields = set(CompiledReleaseModel.model_fields) | {"tag", "initiationType"}
    paths = {source for sources in SILVER_SOURCES[table].values() for source in sources if source.startswith("/")}
    assert {path.split("/")[1] for path in paths} <= fields


@pytest.mark.parametrize("table", star_tables())
def test_every_column_of_gold_has_sources_that_silver_has(table: str) -> None:
    for column in gold_table(table).columns:
        sources = column_sources(table, column.name)
        assert sources is not None, f"{table}.{column.name} is declared nowhere in domain/lineage/gold_sources.py"
        for source in sources:
            name, _, field = source.partition(".")
            assert field in ALL_TABLES[name], source


def test_no_column_is_declared_that_gold_lacks() -> None:
    known = set(star_tables())
    wrong = {
        (table, column)
        for table, columns in DECLARED.items()
        for column in columns
        if table not in known or column not in gold_table(table).columns
    }
    assert not wrong
