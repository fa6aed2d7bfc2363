"""The data sets that each stage reads and writes, and the columns of those that it writes. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.lake.bronze import BRONZE
from domain.lake.silver import ALL_TABLES, TABLES_BY_KIND
from domain.lineage.gold_sources import column_sources
from domain.lineage.silver_sources import SILVER_SOURCES
from domain.raw_records.record import Kind
from domain.search.queries import Collection

NO_DATA = frozenset({"deliver", "export"})  # stages that move none
FILES = "files"
BRONZE_TABLES = tuple(f"bronze.{kind}" for kind in Kind)
SILVER_TABLES = tuple(f"silver.{table}" for table in ALL_TABLES)
SEARCH = tuple(f"search.{collection}" for collection in Collection)
MATCHES = ("organization_profile", "organization_block", "organization_match")
KIND_OF = {table: kind for kind, tables in TABLES_BY_KIND.items() for table in tables}


class InputColumn(NamedTuple):
    """A column that another one is made of; `path`: the part of it, a path in JSON."""

    dataset: str
    column: str
    path: str | None = None


class OutputColumn(NamedTuple):
    """A column with its type and what it is made of."""

    name: str
    type: str
    inputs: tuple[InputColumn, ...]


class StageDatasets(NamedTuple):
    """Data sets by name, with their layer first: `silver.award`. Outputs without known columns have none."""

    inputs: tuple[str, ...]
    outputs: Mapping[str, tuple[OutputColumn, ...]]


def stage_datasets(stage: str, gold: Mapping[str, Iterable[tuple[str, str]]]) -> StageDatasets:
    """The data sets of a stage; none of one that is not declared. `gold`: (column, type) of each table of the star."""
    gold_names = tuple(f"gold.{table}" for table in gold)
    match stage:
        case "land":
            return StageDatasets((FILES,), {name: _bronze() for name in BRONZE_TABLES})
        case "refine":
            return StageDatasets(BRONZE_TABLES, {f"silver.{table}": _silver(table) for table in ALL_TABLES})
        case "publish":
            return StageDatasets(
                SILVER_TABLES,
                {f"gold.{table}": _gold(table, columns) for table, columns in gold.items() if table not in MATCHES},
            )
        case "match" | "red_flags":
            written = (*MATCHES, "dim_organization") if stage == "match" else ("fact_red_flag", "dim_indicator")
            return StageDatasets(
                gold_names,
                {f"gold.{table}": _gold(table, columns) for table, columns in gold.items() if table in written},
            )
        case "index":
            return StageDatasets((*gold_names, "silver.page"), dict.fromkeys(SEARCH, ()))
        case "embed":
            return StageDatasets(SEARCH, {f"{name}.vectors": () for name in SEARCH})
        case _:
            return StageDatasets((), {})


def _bronze() -> tuple[OutputColumn, ...]:
    return tuple(OutputColumn(name, str(dtype), ()) for name, dtype in BRONZE.items())


def _silver(table: str) -> tuple[OutputColumn, ...]:
    dataset = f"bronze.{KIND_OF.get(table, Kind.RELEASES)}"
    sources = SILVER_SOURCES.get(table, {})
    return tuple(
        OutputColumn(name, str(dtype), tuple(_of_bronze(dataset, source) for source in sources.get(name, ())))
        for name, dtype in ALL_TABLES[table].items()
    )


def _of_bronze(dataset: str, source: str) -> InputColumn:
    return InputColumn(dataset, "payload", source) if source.startswith("/") else InputColumn(dataset, source)


def _gold(table: str, columns: Iterable[tuple[str, str]]) -> tuple[OutputColumn, ...]:
    return tuple(
        OutputColumn(name, kind, tuple(_of_silver(source) for source in column_sources(table, name) or ()))
        for name, kind in columns
    )


def _of_silver(source: str) -> InputColumn:
    table, _, column = source.partition(".")
    return InputColumn(f"silver.{table}", column)
