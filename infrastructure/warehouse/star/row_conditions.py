"""Conditions on the fields of a fact or dimension, and the joins that they need, as SQLAlchemy expressions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, String, and_, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from domain.star.queries import Condition
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.readable_fields import DimensionRole, ReadableTable

Test = ColumnElement[bool]


def joined_with_roles(source: ReadableTable, roles: Sequence[DimensionRole]) -> Any:
    """The table, with the dimensions of these roles joined to it."""
    joined: Any = source.table
    for role in {role.name: role for role in roles}.values():
        on = role.alias.c[role.target.name] == role.key
        joined = joined.outerjoin(role.alias, and_(on, role.alias.c.is_current) if role.by_id else on)
    return joined


def column_of(source: ReadableTable, role: DimensionRole | None, column: Column[Any]) -> ColumnElement[Any]:
    """The column of a field: of the table, or of a joined role."""
    return source.table.c[column.name] if role is None else role.alias.c[column.name]


def ordered(column: ColumnElement[Any], *, descending: bool, nullable: bool = True) -> ColumnElement[Any]:
    """The column as a sort key; missing values are last in both directions.

    SQLite follows an index over several columns only without NULLS LAST: a column without nulls needs none.
    """
    if not nullable:
        return column.desc() if descending else column.asc()
    return column.desc().nulls_last() if descending else column.asc().nulls_last()


def condition_test(source: ReadableTable, condition: Condition) -> Test:
    """Whether a row meets the condition; needs no join."""
    if condition.operator == "named":
        return _named(source, condition)
    role, column = source.field(condition.field)
    test = _test(column, condition)
    if role is None:
        return test
    missing = condition.operator == "null" and condition.values[0]
    inner = select(role.target).where(test).correlate(None)
    if role.by_id:
        inner = inner.where(role.table.c.is_current)
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
        case "like":
            return or_(*[_folded(column, [value]).like(value.lower(), escape="\\") for value in condition.values])
        case "within":
            return or_(*[column.between(first, last) for first, last in condition.values])
        case "null":
            return column.is_(None) if condition.values[0] else column.is_not(None)
        case _:
            return column.in_(condition.values)


class UnicodeLower(FunctionElement[str]):
    """Lower case of any alphabet: `lower` folds ASCII only on SQLite, and in PostgreSQL with the locale C."""

    type = String()
    inherit_cache = True


@compiles(UnicodeLower)
def _lower(element: UnicodeLower, compiler: Any, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"unicode_lower({text})" if compiler.dialect.name == "sqlite" else f'lower({text} COLLATE "und-x-icu")'


def _folded(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[str]:
    """The column in lower case, to compare with these values in lower case."""
    # UnicodeLower is twenty times slower on SQLite.
    return func.lower(column) if all(map(str.isascii, values)) else UnicodeLower(column)


def _named(source: ReadableTable, condition: Condition) -> Test:
    """Rows that reference the organisations with one of these ids, or once with one of these names, under any id."""
    dim, bridge = gold_table("dim_organization"), gold_table("bridge_process_organization")
    folded = [value.lower() for value in condition.values]
    matches_organization = or_(
        dim.c.organization_id.in_(condition.values),
        dim.c.name.in_(condition.values),
        _folded(dim.c.name, condition.values).in_(folded),
    )
    identities = select(dim.c.identity).where(matches_organization)
    role = source.roles.get(condition.field)
    versions = dim.alias("version")
    same = versions.c.identity.in_(identities)
    if role is None:  # a process references suppliers through the bridge
        members = select(bridge.c.process_key).where(
            bridge.c.role == condition.field,
            bridge.c.organization_id.in_(select(versions.c.organization_id).where(same)),
        )
        return source.table.c.process_key.in_(members)
    if role.by_id:
        return role.key.in_(identities)
    return role.key.in_(select(versions.c.organization_key).where(same))
