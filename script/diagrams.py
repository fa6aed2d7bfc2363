"""Data-structure diagrams (Mermaid) of bronze, silver and gold, written into docs/warehouse.md from the real schemas.

`python -m script.diagrams` rewrites the page; a test fails when it differs from the schemas.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Table
from sqlmodel import SQLModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from domain.lake.bronze import BRONZE  # noqa: E402
from domain.lake.silver import ALL_TABLES, GRAIN, Columns  # noqa: E402
from domain.marts.marts import TABLES as MART_TABLES  # noqa: E402
from domain.raw_records.record import Kind  # noqa: E402
from domain.star.queries import DIMENSIONS, FACTS  # noqa: E402
from infrastructure.warehouse.column_types import Json  # noqa: E402
from infrastructure.warehouse.star.readable_fields import kind_of, readable_table  # noqa: E402

PAGE = ROOT / "docs" / "warehouse.md"
GOLD = (*(f"fact_{name}" for name in FACTS), *(f"dim_{name}" for name in DIMENSIONS), "bridge_process_organization")
BLOCK = re.compile(r"(<!-- diagram: (\w+) -->\n)```mermaid\n.*?\n```", re.DOTALL)
POLARS = {"Datetime": "instant", "List": "list", "Int32": "int32", "Int64": "int64", "Float64": "float64"}


def page_with_diagrams(text: str) -> str:
    """The page with each marked diagram made anew. KeyError for a mark of no diagram."""
    return BLOCK.sub(lambda found: f"{found[1]}```mermaid\n{DIAGRAMS[found[2]]()}\n```", text)


def bronze() -> str:
    """The tables of raw records, which have one schema."""
    return _diagram(_lake_table(kind.replace("-", "_"), BRONZE, ("record_id", "version")) for kind in Kind)


def silver() -> str:
    """The tables of silver; those of a process hang on its ocid."""
    tables = [_lake_table(name, columns, GRAIN.get(name, ())) for name, columns in ALL_TABLES.items()]
    links = [
        f'  process ||--o{{ {name} : "ocid"'
        for name, columns in ALL_TABLES.items()
        if "ocid" in columns and name not in {"process", "file"}
    ]
    return _diagram([*tables, *links, '  file ||--o{ page : "record_id"'])


def gold() -> str:
    """Facts, dimensions and the bridge, with the roles of the dimensions."""
    return _diagram([*(_sql_table(SQLModel.metadata.tables[name]) for name in GOLD), *_roles()])


def marts() -> str:
    """The tables of the marts, and what they follow from."""
    tables = [_sql_table(SQLModel.metadata.tables[name]) for name in MART_TABLES]
    links = [
        '  mart_relation_day }o--|| mart_relation : "relation_key"',
        '  mart_relation_day }o--o| mart_concentration : "concentration_key"',
        '  mart_market_member }o--|| mart_market : "market_key"',
        '  dim_organization ||--o{ mart_spend : "buyer_id, the current version"',
    ]
    return _diagram([*tables, *links])


def _roles() -> Iterator[str]:
    for fact in FACTS:
        roles: dict[str, list[str]] = {}
        for role in readable_table(fact).roles.values():
            roles.setdefault(role.table.name, []).append(role.name)
        for table, names in roles.items():
            yield f'  {table} ||--o{{ fact_{fact} : "{", ".join(names)}"'
    yield '  fact_process ||--o{ bridge_process_organization : "process"'
    yield '  dim_organization ||--o{ bridge_process_organization : "organization, in a role"'


def _sql_table(table: Table) -> str:
    lines = []
    for column in table.columns:
        kind = "json" if isinstance(column.type, Json) else kind_of(column.type).value
        key = " PK" if column.primary_key else " FK" if column.name.endswith("_key") else ""
        lines.append(f"    {kind} {column.name}{key}")
    return "\n".join((f"  {table.name} {{", *lines, "  }"))


def _lake_table(name: str, columns: Columns, keys: Iterable[str]) -> str:
    keys = set(keys)
    lines = [f"    {_kind(dtype)} {column}{' PK' if column in keys else ''}" for column, dtype in columns.items()]
    return "\n".join((f"  {name} {{", *lines, "  }"))


def _kind(dtype: object) -> str:
    name = str(dtype).split("(")[0]
    return POLARS.get(name, name.lower())


def _diagram(parts: Iterable[str]) -> str:
    return "\n".join(("erDiagram", *parts))


DIAGRAMS = {"bronze": bronze, "silver": silver, "gold": gold, "marts": marts}

if __name__ == "__main__":
    PAGE.write_text(page_with_diagrams(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
