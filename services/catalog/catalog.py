"""The data catalogue: the tables of bronze, silver, gold and marts, as they are.

Columns and keys come from the schemas, sources from the declared column lineage, sizes from the tables.
"""

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urlencode

from domain.catalog.descriptions import BRONZE as BRONZE_TEXT
from domain.catalog.descriptions import BRONZE_COLUMNS, BRONZE_GRAIN, SILVER, TableText
from domain.catalog.entries import CatalogColumn, CatalogEntry, Layer, StoredTable, TableQuality
from domain.lake.bronze import BRONZE
from domain.lake.silver import ALL_TABLES, GRAIN, REQUIRED, TABLES
from domain.lineage.gold_sources import column_sources
from domain.lineage.silver_sources import SILVER_SOURCES
from domain.lineage.stage_datasets import KIND_OF
from domain.quality.checks import CHECKS
from domain.raw_records.record import Kind
from domain.shared.errors import NotFoundError
from domain.star.queries import DIMENSIONS, FACTS
from services.ports.lake import Lake
from services.ports.warehouse import ReadUnitOfWork, Warehouse

TYPES = {"Datetime": "instant", "List": "list", "Int32": "integer", "Int64": "integer", "Float64": "number"}
TYPES |= {"String": "text", "Boolean": "boolean", "Date": "date"}
MART_PREFIX = "mart_"
GRAIN_PREFIX = "Grain: "  # of the docstrings of facts


def list_tables(warehouse: Warehouse, lake: Lake, owner: str) -> list[CatalogEntry]:
    """All tables, by layer."""
    with warehouse.read() as work:
        return [make() for make in _entries(work, lake, owner).values()]


def get_table(warehouse: Warehouse, lake: Lake, owner: str, name: str) -> CatalogEntry:
    """One table with its columns; those of the lake are named `bronze.releases`. NotFoundError for an unknown one."""
    with warehouse.read() as work:
        entries = _entries(work, lake, owner)
        if name not in entries:
            raise NotFoundError(f"there is no table {name}", allowed=list(entries))
        return entries[name]()


def _entries(work: ReadUnitOfWork, lake: Lake, owner: str) -> dict[str, Callable[[], CatalogEntry]]:
    """The tables by name; each is measured when it is called for."""
    stored = work.catalog.tables()
    return {
        **{f"bronze.{kind}": partial(_bronze, lake, owner, kind) for kind in Kind},
        **{f"silver.{table}": partial(_silver, work, lake, owner, table) for table in ALL_TABLES},
        **{name: partial(_warehouse_table, work, owner, table) for name, table in stored.items()},
    }


def _bronze(lake: Lake, owner: str, kind: Kind) -> CatalogEntry:
    columns = [
        _lake_column(name, dtype, {"record_id", "version"}, {"batch"}, BRONZE_COLUMNS.get(name), ())
        for name, dtype in BRONZE.items()
    ]
    text, records = TableText(BRONZE_TEXT, BRONZE_GRAIN), {"records": f"/v1/raw/{kind}"}
    return _lake_table(lake, "bronze", kind, owner, text, ["files"], columns, None, records)


def _silver(work: ReadUnitOfWork, lake: Lake, owner: str, table: str) -> CatalogEntry:
    keys, required, sources = set(GRAIN.get(table, ())), set(REQUIRED[table]), SILVER_SOURCES.get(table, {})
    columns = [
        _lake_column(name, dtype, keys, required, None, sources.get(name, ()))
        for name, dtype in ALL_TABLES[table].items()
    ]
    text, inputs = SILVER.get(table, TableText(table, "")), [f"bronze.{KIND_OF.get(table, Kind.RELEASES)}"]
    return _lake_table(lake, "silver", table, owner, text, inputs, columns, _quality(work, table), {})


def _lake_table(
    lake: Lake,
    layer: Layer,
    table: str,
    owner: str,
    text: TableText,
    inputs: list[str],
    columns: list[CatalogColumn],
    quality: TableQuality | None,
    links: dict[str, str],
) -> CatalogEntry:
    size = lake.size(layer, table)
    return CatalogEntry(
        name=f"{layer}.{table}",
        layer=layer,
        owner=owner,
        description=text.description,
        grain=text.grain or None,
        rows=size.rows if size else 0,
        bytes=size.bytes if size else 0,
        changed_at=size.changed_at if size else None,
        inputs=inputs,
        quality=quality,
        links=_links(f"{layer}.{table}") | links,
        columns=columns,
    )


def _lake_column(
    name: str, dtype: object, keys: set[str], required: set[str], description: str | None, sources: Sequence[str]
) -> CatalogColumn:
    kind = str(dtype).split("(", maxsplit=1)[0]
    key = name in keys
    return CatalogColumn(
        name=name,
        type=TYPES.get(kind, kind.lower()),
        key=key,
        nullable=not key and name not in required,
        description=description,
        sources=list(sources),
    )


def _warehouse_table(work: ReadUnitOfWork, owner: str, table: StoredTable) -> CatalogEntry:
    text = " ".join(table.text.split())
    grain, _, rest = (
        text.removeprefix(GRAIN_PREFIX).partition(". ") if text.startswith(GRAIN_PREFIX) else ("", "", text)
    )
    sources = {column.name: column_sources(table.name, column.name) or () for column in table.columns}
    inputs = sorted({f"silver.{source.partition('.')[0]}" for found in sources.values() for source in found})
    subject = table.name.removeprefix("fact_")
    return CatalogEntry(
        name=table.name,
        layer="marts" if table.name.startswith(MART_PREFIX) else "gold",
        owner=owner,
        description=rest or grain,
        grain=grain.rstrip(".") or None,
        rows=work.catalog.count(table.name),
        bytes=None,
        changed_at=work.catalog.last_run("publish"),
        inputs=inputs,
        quality=_quality(work, subject) if table.name.startswith("fact_") else None,
        links=_links(table.name) | _rows_link(table.name),
        columns=[
            CatalogColumn(
                name=column.name,
                type=column.type,
                key=column.key,
                nullable=column.nullable,
                sources=[f"silver.{source}" for source in sources[column.name]],
            )
            for column in table.columns
        ],
    )


def _links(name: str) -> dict[str, str]:
    return {"self": f"/v1/catalog/{name}"}


def _rows_link(name: str) -> dict[str, str]:
    """Where the rows of a fact or dimension are read."""
    layer, _, readable = name.partition("_")
    if layer == "fact" and readable in FACTS:
        return {"rows": f"/v1/gold/facts/{readable}"}
    return {"rows": f"/v1/gold/dimensions/{readable}"} if layer == "dim" and readable in DIMENSIONS else {}


def _quality(work: ReadUnitOfWork, table: str) -> TableQuality | None:
    codes = [check.code for check in CHECKS if check.table == table]
    if not codes or table not in TABLES:
        return None
    totals = work.quality.totals()
    failed = totals.filter((totals["kind"] == "check") & totals["code"].is_in(codes))["failed"].sum()
    report = f"/v1/quality?{urlencode({'check': codes}, doseq=True)}"
    return TableQuality(checks=codes, failed=int(failed), links={"report": report})
