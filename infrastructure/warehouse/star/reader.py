"""Reads the star: pages of facts and dimensions, built from the columns of readable_fields.py only.

A page takes two queries: the ordered keys, from the fact alone if the order allows it, then the rows of these keys.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Column, ColumnElement, and_, func, or_, select

from domain.star.aggregates import AggregatePage, AggregateQuery
from domain.star.exports import FrameStream
from domain.star.queries import FieldKind, RowPage, RowQuery, Sort
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.aggregates import aggregate_page, aggregate_statement
from infrastructure.warehouse.star.dimension_attributes import DimensionAttributes
from infrastructure.warehouse.star.frames import frame_column, frames
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.readable_fields import DimensionRole, ReadableTable, is_key, readable_table
from infrastructure.warehouse.star.row_conditions import column_of, condition_test, joined_with_roles, ordered

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
        rows = self._rows(source, [row[-1] for row in page], query.fields)
        following = tuple(page[-1]) if len(found) > query.limit else None
        return RowPage([rows[row[-1]] for row in page if row[-1] in rows], following)

    def count(self, query: RowQuery) -> int:
        """The number of rows of the query, up to its limit."""
        source = readable_table(query.of)
        found = select(source.key).where(*(condition_test(source, one) for one in query.where)).limit(query.limit)
        return int(self.connection.execute(select(func.count()).select_from(found.subquery())).scalar_one())

    def shown_fields(self, of: str) -> dict[str, FieldKind]:
        """The fields that a row of a fact or dimension shows, as flat names. KeyError for an unknown one."""
        return readable_table(of).shown_fields()

    def frames(self, query: RowQuery, kinds: Mapping[str, FieldKind]) -> FrameStream:
        """All rows of the query, with the fields in `kinds` as columns, a bounded number at a time.

        `after` and `limit` do not apply. Without a sort the order is the database's.
        """
        source = readable_table(query.of)
        fields = {name: source.field(name) for name in kinds}
        own = {name: column for name, (role, column) in fields.items() if role is None}
        dimensions = self._dimensions(fields, kinds, {column: name for name, column in own.items()})
        columns = own | {one.key: one.role.key for one in dimensions}
        read = {name: kinds[name] for name in own} | {one.key: one.key_kind for one in dimensions}
        sorts = [(source.field(sort.field), sort.descending) for sort in query.sort]
        order = [ordered(column_of(source, *field), descending=descending) for field, descending in sorts]
        statement = (
            select(*[frame_column(self.connection, columns[name], kind).label(name) for name, kind in read.items()])
            .select_from(joined_with_roles(source, [role for (role, _), _ in sorts if role]))
            .where(*(condition_test(source, condition) for condition in query.where))
            .order_by(*order, *([source.key] if order else []))
        )
        for frame in frames(self.connection, statement, read):
            for dimension in dimensions:
                frame = dimension.add_to(frame)
            yield frame.select(list(kinds))

    def _dimensions(
        self,
        fields: Mapping[str, tuple[DimensionRole | None, Column[Any]]],
        kinds: Mapping[str, FieldKind],
        own: Mapping[Column[Any], str],
    ) -> list[DimensionAttributes]:
        """The dimensions with attributes among these fields, by role; `own`: names of columns that are read anyway."""
        attributes: dict[str, tuple[DimensionRole, dict[str, FieldKind]]] = {}
        for name, (role, _) in fields.items():
            if role is not None:
                attributes.setdefault(role.name, (role, {}))[1][name] = kinds[name]
        keys = {name: own.get(role.key, f"key of {name}") for name, (role, _) in attributes.items()}
        return [DimensionAttributes(self, role, named, keys[name]) for name, (role, named) in attributes.items()]

    def aggregate_frames(self, query: AggregateQuery, kinds: Mapping[str, FieldKind]) -> FrameStream:
        """All groups of the query, with the columns of `kinds` in order. `after` and `limit` do not apply."""
        return frames(self.connection, aggregate_statement(self.connection, query, kinds), kinds)

    def aggregate(self, query: AggregateQuery) -> AggregatePage:
        """A page of groups of a fact's rows, with their measures."""
        return aggregate_page(self.connection, query)

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
        joined = joined_with_roles(source, [role for role, _ in fields if role])
        columns = [column_of(source, role, column) for role, column in fields]
        nullable = [role is not None or bool(column.nullable) for role, column in fields]
        order = [
            ordered(column, descending=sort.descending, nullable=null)
            for sort, column, null in zip(query.sort, columns, nullable, strict=True)
        ]
        where = [condition_test(source, condition) for condition in query.where]
        if query.after is not None:
            where.append(_after_position(source, query.sort, columns, query.after))
        statement = (
            select(*columns, source.key)
            .select_from(joined)
            .where(*where)
            .order_by(*order, source.key)
            .limit(query.limit + 1)
        )
        if query.after is not None and columns and query.after[0] is not None:
            # An index can start at the first value of the cursor. That leaves out the rows without one, which are last.
            first, value = columns[0], query.after[0]
            near = statement.where(first <= value if query.sort[0].descending else first >= value)
            found = [tuple(row) for row in self.connection.execute(near)]
            if len(found) > query.limit or not nullable[0]:
                return found
        return [tuple(row) for row in self.connection.execute(statement)]

    def _rows(self, source: ReadableTable, keys: Sequence[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
        """The rows with these keys: the named fields, else all that a row shows."""
        if names:
            fields = [(name, *source.field(name)) for name in names]
            roles = [role for _, role, _ in fields if role]
            columns = [column_of(source, role, column).label(name) for name, role, column in fields]
        else:
            roles = [role for role in source.roles.values() if role.shown]
            columns = [column.label(column.name) for column in source.columns]
            columns += [
                column_of(source, role, column).label(f"{role.name}.{column.name}")
                for role in roles
                for column in role.attributes()
            ]
        shown = [str(column.name) for column in columns]  # not `quoted_name`, which orjson refuses
        text = [column.name for column in source.table.columns if is_key(column)]
        found: dict[int, dict[str, Any]] = {}
        for part in chunks(keys):
            statement = (
                select(source.key, *columns).select_from(joined_with_roles(source, roles)).where(source.key.in_(part))
            )
            for key, *values in self.connection.execute(statement):
                found[key] = _nested(shown, values, text)
        return found


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


def _nested(names: Sequence[str], values: Sequence[Any], text: Sequence[str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        role, dot, attribute = name.partition(".")
        if dot:
            nested.setdefault(role, {})[attribute] = value
        else:
            nested[name] = str(value) if value is not None and name in text else value
    return nested
