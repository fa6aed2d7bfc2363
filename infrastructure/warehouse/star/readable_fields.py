"""The readable star: the table, key and dimension roles of each fact and dimension.

A field is a column (`amount`) or an attribute of a dimension role (`buyer.name`). Only fields listed here reach SQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, FromClause, Integer, Numeric, Table
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from domain.marts.marts import MARTS, Mart
from domain.star.queries import DIMENSIONS, FACTS, FieldKind
from infrastructure.warehouse.column_types import Instant, Json, Money
from infrastructure.warehouse.star import bid_tables as _bids  # noqa: F401  registers the tables
from infrastructure.warehouse.star import document_tables as _more  # noqa: F401  registers the tables
from infrastructure.warehouse.star import mart_tables as _marts  # noqa: F401  registers the tables
from infrastructure.warehouse.star import quality_tables as _quality  # noqa: F401  registers the tables
from infrastructure.warehouse.star import red_flag_tables as _flags  # noqa: F401  registers the tables
from infrastructure.warehouse.star import tables as _tables  # noqa: F401  registers the tables

ROLES = {
    "buyer": "dim_organization",
    "supplier": "dim_organization",
    "procuring_entity": "dim_organization",
    "tenderer": "dim_organization",
    "payer": "dim_organization",
    "payee": "dim_organization",
    "organization": "dim_organization",
    "indicator": "dim_indicator",
    "source": "dim_source",
    "procedure": "dim_procedure",
    "status": "dim_status",
    "classification": "dim_classification",
    "location": "dim_location",
    "currency": "dim_currency",
    "unit_currency": "dim_currency",
}
# Attributes that responses leave out; filters can use them.
HIDDEN_ATTRIBUTES = {
    "dim_organization": {
        "street",
        "postal_code",
        "scale",
        "url",
        "valid_from",
        "valid_to",
        "is_current",
        "uses",
        "parent_id",
        "reference",
    },
    "dim_classification": {"parent", "reference", "uses"},
    "dim_status": {"of", "uses"},
    "dim_indicator": {
        "description",
        "definition",
        "subjects",
        "inputs",
        "refresh",
        "thresholds",
        "quartiles",
        "refreshed_at",
    },
}
UPDATED_AT = "updated_at"  # of a dimension row, which rows of facts and marts leave out
KEY_SUFFIX = "_key"
ID_SUFFIX = "_id"
ATTRIBUTES_BY_ID = ("name", "country")


@dataclass(frozen=True)
class DimensionRole:
    """A dimension, or the process, that a fact references by `key`. `shown`: its attributes are part of each row.

    `alias`: the alias of the table in joins, where it may occur in several roles. `by_id`: the key is an organisation's
    id, which stands for its current version.
    """

    name: str
    table: Table
    alias: FromClause
    key: Column[Any]
    shown: bool
    by_id: bool = False

    @property
    def target(self) -> Column[Any]:
        """The column of the referenced table that `key` holds."""
        return self.table.c.organization_id if self.by_id else _key_of(self.table)

    def attributes(self) -> list[Column[object]]:
        """The columns that are part of each row."""
        if self.by_id:
            return [self.table.c[name] for name in ATTRIBUTES_BY_ID]
        hidden = {*HIDDEN_ATTRIBUTES.get(self.table.name, {"uses"}), UPDATED_AT}
        return [column for column in self.table.columns if column.name not in hidden and not column.primary_key]


@dataclass(frozen=True)
class ReadableTable:
    """A fact, dimension or mart by its readable name, without its `hidden` columns."""

    name: str
    table: Table
    key: Column[int]
    roles: dict[str, DimensionRole]
    hidden: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[Column[object]]:
        """The columns that can be read."""
        return [column for column in self.table.columns if column.name not in self.hidden]

    @property
    def organizations(self) -> list[str]:
        """The roles that can be filtered by organisation."""
        own = [name for name, role in self.roles.items() if role.table.name == "dim_organization"]
        return [*own, "supplier"] if self.name == "process" else own

    def field(self, name: str) -> tuple[DimensionRole | None, Column[object]]:
        """The role and column of a field. KeyError for an unknown one."""
        role, _, attribute = name.rpartition(".")
        if not role:
            return None, self.table.columns[attribute]
        return self.roles[role], self.roles[role].table.columns[attribute]

    def fields(self) -> dict[str, FieldKind]:
        """Every field for filters and sorting, with its kind."""
        return dict(self._fields()) | dict.fromkeys(self.organizations, FieldKind.ORGANIZATION)

    def shown_fields(self) -> dict[str, FieldKind]:
        """The fields of each row that responses show, as flat names."""
        own = ((column.name, column) for column in self.columns)
        of_roles = (
            (f"{role.name}.{column.name}", column)
            for role in self.roles.values()
            if role.shown
            for column in role.attributes()
        )
        return {name: kind_of(column.type) for name, column in (*own, *of_roles) if not isinstance(column.type, Json)}

    def _fields(self) -> Iterator[tuple[str, FieldKind]]:
        for column in self.columns:
            if not isinstance(column.type, Json):
                yield column.name, kind_of(column.type)
        for role in self.roles.values():
            for column in role.table.columns:
                if not column.primary_key:
                    yield f"{role.name}.{column.name}", kind_of(column.type)


@cache
def readable_table(name: str) -> ReadableTable:
    """The fact, dimension or mart of that name. KeyError for an unknown one."""
    if name in MARTS:
        return _mart(MARTS[name])
    if name in DIMENSIONS:
        table = _table(f"dim_{name}")
        return ReadableTable(name, table, _key_of(table), {})
    if name not in FACTS:
        raise KeyError(name)
    table = _table(f"fact_{name}")
    return ReadableTable(name, table, _key_of(table), {role.name: role for role in _roles(table)})


def _mart(mart: Mart) -> ReadableTable:
    table = _table(mart.table)
    roles = [*_roles(table), *_roles_by_id(table)]
    hidden = frozenset(column.name for column in table.columns if column.name not in mart.columns)
    return ReadableTable(mart.name, table, _key_of(table), {role.name: role for role in roles}, hidden)


def _roles_by_id(table: Table) -> Iterator[DimensionRole]:
    organization = _table("dim_organization")
    for column in table.columns:
        if column.name.endswith(ID_SUFFIX):
            name = column.name.removesuffix(ID_SUFFIX)
            yield DimensionRole(name, organization, organization.alias(name), column, shown=True, by_id=True)


def _roles(table: Table) -> Iterator[DimensionRole]:
    for column in table.columns:
        if column.primary_key or not column.name.endswith(KEY_SUFFIX):
            continue
        name = column.name.removesuffix(KEY_SUFFIX)
        if name in ROLES:
            yield _role(name, ROLES[name], column, shown=True)
        elif name == "process":
            yield _role(name, "fact_process", column, shown=False)
        elif name.endswith("date"):
            yield _role(name, "dim_date", column, shown=False)
            if name == "date":  # `date_key` of awards; the role has the name of its date too
                yield _role(f"{table.name.removeprefix('fact_')}_date", "dim_date", column, shown=False)


def _role(name: str, table: str, key: Column[int], *, shown: bool) -> DimensionRole:
    return DimensionRole(name, _table(table), _table(table).alias(name), key, shown)


def is_key(column: Column[object]) -> bool:
    """Whether the column holds 63-bit surrogate keys, which JavaScript can't hold exactly."""
    return column.name.endswith(KEY_SUFFIX) and not column.name.endswith("date_key")


def kind_of(kind: TypeEngine[object]) -> FieldKind:
    """The kind of values that filters on a column take."""
    if isinstance(kind, Instant):
        return FieldKind.INSTANT
    if isinstance(kind, Boolean):
        return FieldKind.BOOLEAN
    if isinstance(kind, Date):
        return FieldKind.DATE
    if isinstance(kind, Money | Double | Numeric):
        return FieldKind.NUMBER
    return FieldKind.INTEGER if isinstance(kind, Integer | BigInteger) else FieldKind.TEXT


def _table(name: str) -> Table:
    return SQLModel.metadata.tables[name]


def _key_of(table: Table) -> Column[int]:
    (key,) = table.primary_key.columns
    return key
