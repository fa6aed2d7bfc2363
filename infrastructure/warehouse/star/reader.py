"""Reads the star: pages of facts and dimensions, built from the columns of readable_fields.py only.

A page takes two queries: the ordered keys, from the fact alone if the order allows it, then the rows of these keys.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Column, ColumnElement, String, and_, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from domain.star.queries import Condition, FieldKind, RowPage, RowQuery, Sort
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.readable_fields import DimensionRole, ReadableTable, is_key, readable_table

Test = ColumnElement[bool]


class StarReader(Repository):
    """Reads facts and dimensions by their readable names."""

    def fields(self, of: str) -> dict[str, FieldKind]:
        """The fields of a fact or dimension, by name. KeyError for an unknown one."""
        return readable_table(of).fields()

    def rows(self, query: RowQuery) -> RowPage:
        """A page of rows, with dimension attributes nested under their roles; surrogate keys are strings."""
        source = readable_table(query.of)
        found = self._keys(source, query)
        page = found[: query.limit]
        rows = self._rows(source, [row[-1] for row in page])
        following = tuple(page[-1]) if len(found) > query.limit else None
        return RowPage([rows[row[-1]] for row in page if row[-1] in rows], following)

    def parties(self, process_key: int) -> list[dict[str, Any]]:
        """The organisations of a process, with their roles."""
        bridge, dim = gold_table("bridge_process_organization"), gold_table("dim_organization")
        attributes = ["name", "country", "region", "locality"]
        columns = [dim.c.organization_id, *[dim.c[name] for name in attributes], bridge.c.role]
        joined = bridge.join(dim, dim.c.organization_key == bridge.c.organization_key)
        query = select(*columns).select_from(joined).where(bridge.c.process_key == process_key)
        query = query.order_by(dim.c.organization_id, dim.c.name, bridge.c.role)
        rows = self.read_frame(query, dict.fromkeys(["id", *attributes, "roles"], pl.String))
        return rows.group_by("id", *attributes, maintain_order=True).agg("roles").to_dicts()

    def _keys(self, source: ReadableTable, query: RowQuery) -> Sequence[Sequence[Any]]:
        """Sort values and key of each row of the page, and of one row more if there is a next page."""
        fields = [source.field(sort.field) for sort in query.sort]
        joined = _joined(source, [role for role, _ in fields if role])
        columns = [_column(source, role, column) for role, column in fields]
        order = [
            column.desc().nulls_last() if sort.descending else column.asc().nulls_last()
            for sort, column in zip(query.sort, columns, strict=True)
        ]
        where = [_condition(source, condition) for condition in query.where]
        if query.after is not None:
            where.append(_after_position(source, query.sort, columns, query.after))
        statement = (
            select(*columns, source.key)
            .select_from(joined)
            .where(*where)
            .order_by(*order, source.key)
            .limit(query.limit + 1)
        )
        return [tuple(row) for row in self.connection.execute(statement)]

    def _rows(self, source: ReadableTable, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        shown = [role for role in source.roles.values() if role.shown]
        columns = [column.label(column.name) for column in source.table.columns]
        columns += [
            _column(source, role, column).label(f"{role.name}.{column.name}")
            for role in shown
            for column in role.attributes()
        ]
        text = [column.name for column in source.table.columns if is_key(column)]
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(keys):
            statement = select(*columns).select_from(_joined(source, shown)).where(source.key.in_(part))
            for row in self.connection.execute(statement).mappings():
                found[row[source.key.name]] = _nested(row, text)
        return found


def _joined(source: ReadableTable, roles: Sequence[DimensionRole]) -> Any:
    joined: Any = source.table
    for role in {role.name: role for role in roles}.values():
        joined = joined.outerjoin(role.alias, role.alias.c[role.target.name] == role.key)
    return joined


def _column(source: ReadableTable, role: DimensionRole | None, column: Column[Any]) -> ColumnElement[Any]:
    return source.table.c[column.name] if role is None else role.alias.c[column.name]


def _condition(source: ReadableTable, condition: Condition) -> Test:
    if condition.operator == "named":
        return _named(source, condition)
    role, column = source.field(condition.field)
    test = _test(column, condition)
    if role is None:
        return test
    missing = condition.operator == "null" and condition.values[0]
    inner = select(role.target).where(test).correlate(None)
    # A fact's key of a dimension may be null (an unknown date): then all attributes of that role are missing.
    return or_(role.key.in_(inner), role.key.is_(None)) if missing else role.key.in_(inner)


def _test(column: Column[Any], condition: Condition) -> Test:
    match condition.operator:
        case "gte":
            return column.__ge__(condition.values[0])
        case "lte":
            return column.__le__(condition.values[0])
        case "prefix":
            return or_(*[column.startswith(value, autoescape=True) for value in condition.values])
        case "within":
            return or_(*[column.between(first, last) for first, last in condition.values])
        case "null":
            return column.is_(None) if condition.values[0] else column.is_not(None)
        case _:
            return column.in_(condition.values)


class UnicodeLower(FunctionElement[str]):
    """Lower case of any alphabet: SQLite's `lower` folds ASCII only."""

    type = String()
    inherit_cache = True


@compiles(UnicodeLower)
def _lower(element: UnicodeLower, compiler: Any, **options: Any) -> str:
    name = "unicode_lower" if compiler.dialect.name == "sqlite" else "lower"
    return f"{name}({compiler.process(element.clauses, **options)})"


def _named(source: ReadableTable, condition: Condition) -> Test:
    """Rows that reference any version of the organisations with one of these ids, or once with one of these names."""
    dim, bridge = gold_table("dim_organization"), gold_table("bridge_process_organization")
    folded = [value.lower() for value in condition.values]
    # UnicodeLower is twenty times slower on SQLite.
    lower = func.lower if all(map(str.isascii, condition.values)) else UnicodeLower
    matches_organization = or_(
        dim.c.organization_id.in_(condition.values), dim.c.name.in_(condition.values), lower(dim.c.name).in_(folded)
    )
    ids = select(dim.c.organization_id).where(matches_organization)
    role = source.roles.get(condition.field)
    if role is None:  # a process references suppliers through the bridge
        members = select(bridge.c.process_key).where(
            bridge.c.role == condition.field, bridge.c.organization_id.in_(ids)
        )
        return source.table.c.process_key.in_(members)
    versions = dim.alias("version")
    return role.key.in_(select(versions.c.organization_key).where(versions.c.organization_id.in_(ids)))


def _after_position(
    source: ReadableTable, sorts: Sequence[Sort], columns: Sequence[ColumnElement[Any]], after: Sequence[Any]
) -> Test:
    """Rows after a position in the sort order; missing values are last."""
    equal: list[Test] = []
    alternatives: list[Test] = []
    for sort, column, value in zip(sorts, columns, after[:-1], strict=True):
        if value is not None:
            further = column < value if sort.descending else column > value
            alternatives.append(and_(*equal, or_(further, column.is_(None))))
        equal.append(column.is_(None) if value is None else column == value)
    alternatives.append(and_(*equal, source.key > after[-1]))
    return or_(*alternatives)


def _nested(row: Any, text: Sequence[str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in row.items():
        role, dot, attribute = str(name).partition(".")  # names of reserved words are `quoted_name`
        if dot:
            nested.setdefault(role, {})[attribute] = value
        else:
            nested[role] = str(value) if value is not None and name in text else value
    return nested
