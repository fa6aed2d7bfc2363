"""Aggregates over the star, as SQLAlchemy expressions of columns that readable_fields.py lists: nothing that a caller
typed becomes SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Double, Select, and_, cast, func, literal, or_, select
from sqlalchemy.sql.elements import KeyedColumnElement

from domain.star.aggregates import AggregatePage, AggregateQuery, Measure
from domain.star.queries import FieldKind, Sort
from infrastructure.warehouse.column_types import Money
from infrastructure.warehouse.star.frames import frame_column
from infrastructure.warehouse.star.readable_fields import ReadableTable, readable_table
from infrastructure.warehouse.star.row_conditions import column_of, condition_test, joined_with_roles, ordered

MONEY_DECIMALS = 4  # SQLite adds up 64-bit floats: 5140105.6899999995 is 5140105.69
FUNCTIONS: Mapping[str, Callable[..., ColumnElement[Any]]] = {
    "count": func.count,
    "sum": func.sum,
    "avg": func.avg,
    "min": func.min,
    "max": func.max,
    "distinct": lambda column: func.count(column.distinct()),
}


def aggregate_page(connection: Connection, query: AggregateQuery) -> AggregatePage:
    """A page of groups in the order of the query."""
    source = readable_table(query.of)
    names = [*query.by, *(measure.name for measure in query.measures)]
    groups = _groups(source, query).subquery()
    by_name = dict(zip(names, groups.c, strict=True))
    columns = [by_name[sort.field] for sort in query.order]
    order = [ordered(column, descending=sort.descending) for sort, column in zip(query.order, columns, strict=True)]
    statement = select(*groups.c).order_by(*order)
    if query.after is not None:
        statement = statement.where(_after_position(query.order, columns, query.after))
    found = [dict(zip(names, row, strict=True)) for row in connection.execute(statement.limit(query.limit + 1))]
    page = found[: query.limit]
    following = tuple(page[-1][sort.field] for sort in query.order) if len(found) > query.limit else None
    return AggregatePage(page, following)


def aggregate_statement(connection: Connection, query: AggregateQuery, kinds: Mapping[str, FieldKind]) -> Select[Any]:
    """All groups in the order of the query, as columns of frames."""
    groups = _groups(readable_table(query.of), query).subquery()
    by_name = dict(zip(kinds, groups.c, strict=True))
    columns = [frame_column(connection, by_name[name], kind) for name, kind in kinds.items()]
    order = [ordered(by_name[sort.field], descending=sort.descending) for sort in query.order]
    return select(*columns).order_by(*order)


def _groups(source: ReadableTable, query: AggregateQuery) -> Any:
    """One row per group: the fields of `by`, then the measures."""
    fields = [source.field(name) for name in (*query.by, *(one.field for one in query.measures if one.field))]
    keys = [column_of(source, *source.field(name)) for name in query.by]
    measures = [_measure(source, one) for one in query.measures]
    columns = [column.label(f"column_{position}") for position, column in enumerate([*keys, *measures])]
    statement = (
        select(*columns)
        .select_from(joined_with_roles(source, [role for role, _ in fields if role]))
        .where(*(condition_test(source, condition) for condition in query.where))
        .group_by(*keys)
    )
    for having in query.having:
        measure = _measure(source, having.measure)
        tests = {"eq": measure == having.value, "gte": measure >= having.value, "lte": measure <= having.value}
        statement = statement.having(tests[having.operator])
    return statement


def _measure(source: ReadableTable, measure: Measure) -> ColumnElement[Any]:
    if measure.field is None:
        return func.count()
    role, column = source.field(measure.field)
    found = FUNCTIONS[measure.function](column_of(source, role, column))
    if isinstance(column.type, Money) and measure.function in {"sum", "avg"}:
        found = func.round(found, MONEY_DECIMALS)
    # Exact sums of PostgreSQL's decimals become floats at the end: a cursor must find the same value again.
    return cast(found, Double()) if _is_fraction(measure, column) else found


def _is_fraction(measure: Measure, column: Column[Any]) -> bool:
    return measure.function == "avg" or (
        measure.function in {"sum", "min", "max"} and isinstance(column.type, Money | Double)
    )


def _after_position(
    sorts: Sequence[Sort], columns: Sequence[KeyedColumnElement[Any]], after: Sequence[Any]
) -> ColumnElement[bool]:
    """Groups after a position in the order; missing values are last."""
    equal: list[ColumnElement[bool]] = []
    alternatives: list[ColumnElement[bool]] = [literal(value=False)]
    for sort, column, value in zip(sorts, columns, after, strict=True):
        if value is not None:
            further = column < value if sort.descending else column > value
            alternatives.append(and_(*equal, or_(further, column.is_(None))))
        equal.append(column.is_(None) if value is None else column == value)
    return or_(*alternatives)
