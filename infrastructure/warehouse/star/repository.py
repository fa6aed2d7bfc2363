"""Queries and writes of the star's tables. domain/star computes what is written."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Boolean, select, update

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns
from domain.star.derived_attributes import derived_columns
from domain.star.dimension_uses import USES, DimensionChanges
from domain.star.model import DIMENSIONS, FACTS, REFERENCES, UNKNOWN_ORGANIZATION, Frames, Star
from infrastructure.warehouse.repository import Repository, as_frame, chunks, dated
from infrastructure.warehouse.star.gold_tables import gold_table, star_tables
from infrastructure.warehouse.star.readable_fields import ReadableTable, readable_table

TABLES = (*FACTS, "bridge_process_organization")
PAGE_FACTS = 50_000  # fact rows in a frame


def _facts() -> list[ReadableTable]:
    return [readable_table(name.removeprefix("fact_")) for name in FACTS]


class StarRepository(Repository):
    """The facts, dimensions and bridge of the star."""

    def existing_processes(self, process_keys: Sequence[int]) -> list[int]:
        """The processes among these that have rows."""
        found: set[int] = set()
        for name in TABLES:
            key = gold_table(name).c.process_key
            for part in chunks(process_keys):
                found.update(self.connection.execute(select(key).where(self.among(key, part))).scalars())
        return sorted(found)

    def references(self, process_keys: Sequence[int]) -> Frames:
        """The facts of these processes, with their references to dimensions (REFERENCES) only."""
        return {
            name: self.read_frame(
                select(*[gold_table(name).c[column] for column in references]),
                dict.fromkeys(references, pl.Int64),
                (gold_table(name).c.process_key, process_keys),
            )
            for name, references in REFERENCES.items()
        }

    def reference_pages(self) -> Iterator[Frames]:
        """The references of all facts, in pages of one fact each."""
        for name, references in REFERENCES.items():
            query = select(*[gold_table(name).c[column] for column in references])
            result = self.connection.execute(query, execution_options={"yield_per": PAGE_FACTS})
            for page in result.partitions():
                yield {name: as_frame(page, dict.fromkeys(references, pl.Int64))}

    def uses(self, dimension: str, keys: Iterable[int] | None = None) -> pl.DataFrame:
        """The uses (USES) of these rows of a dimension, or of all that facts reference."""
        target = gold_table(dimension)
        key = target.c[DIMENSIONS[dimension][0]]
        query = select(key, target.c.uses)
        if keys is not None:
            return self.read_frame(query, USES, (key, keys))
        return self.read_frame(query.where(~target.c.reference) if "reference" in target.c else query, USES)

    def derived_attributes(self, dimension: str) -> pl.DataFrame:
        """The rows of a dimension that facts reference: key, attributes, and those derived from them."""
        target = gold_table(dimension)
        key, names = DIMENSIONS[dimension]
        columns = [target.c[name] for name in (key, *names, *derived_columns(dimension))]
        types: Columns = {one.name: pl.Boolean if isinstance(one.type, Boolean) else pl.String for one in columns}
        query = select(*columns).where(~target.c.reference) if "reference" in target.c else select(*columns)
        return self.read_frame(query, types | {key: pl.Int64})

    def update_attributes(self, dimension: str, rows: pl.DataFrame, updated_at: datetime) -> None:
        """Set the attributes in `rows` by the dimension's key."""
        self.update_frame(gold_table(dimension), dated(rows, updated_at), DIMENSIONS[dimension][0])

    def write_dimension(self, dimension: str, changes: DimensionChanges, updated_at: datetime) -> None:
        """Write changes of a dimension."""
        target, key = gold_table(dimension), DIMENSIONS[dimension][0]
        self.delete_among(target.c[key], changes.unused)
        self.update_frame(target, dated(changes.changed.rename({"key": key}), updated_at), key)
        self.insert_frame(target, dated(changes.added, updated_at))

    def replace_processes(self, process_keys: Sequence[int], star: Star | None, updated_at: datetime) -> None:
        """Replace the facts and bridge rows of these processes by those of `star`."""
        for name in TABLES:
            self.delete_among(gold_table(name).c.process_key, process_keys)
        if star is not None:
            for name in FACTS:
                facts = star.facts[name]
                self.insert_frame(gold_table(name), dated(facts, updated_at) if name == "fact_process" else facts)
            self.insert_frame(gold_table("bridge_process_organization"), star.bridge)

    def mark_updated(self, fact: str, keys: Iterable[int], updated_at: datetime) -> None:
        """Set the time of change of the processes that have these fact rows."""
        target, process = gold_table(fact), gold_table("fact_process")
        (key,) = target.primary_key.columns
        for part in chunks(keys):
            of_rows = process.c.process_key.in_(select(target.c.process_key).where(self.among(key, part)))
            self.connection.execute(update(process).where(of_rows).values(updated_at=updated_at))

    def reference_keys(self, dimension: str) -> list[int]:
        """The keys of the dimension's rows from reference records."""
        target = gold_table(dimension)
        (key,) = target.primary_key.columns
        return list(self.connection.execute(select(key).where(target.c.reference)).scalars())

    def delete_rows(self, dimension: str, keys: Sequence[int]) -> None:
        """Delete the dimension's rows with these keys."""
        (key,) = gold_table(dimension).primary_key.columns
        self.delete_among(key, keys)

    def replace_rows(self, dimension: str, keys: Sequence[int], rows: pl.DataFrame, updated_at: datetime) -> None:
        """Replace the dimension's rows with these keys by `rows`."""
        self.delete_rows(dimension, keys)
        self.insert_frame(gold_table(dimension), dated(rows, updated_at))

    def tables(self) -> dict[str, list[str]]:
        """The tables of the star that a rebuild makes from silver, with their key columns."""
        names = [name for name in star_tables() if name != "dim_date"]
        return {name: [column.name for column in gold_table(name).primary_key] for name in names}

    def columns(self, name: str, without: set[str]) -> list[str]:
        """The columns of a table except those in `without`."""
        return [column.name for column in gold_table(name).columns if column.name not in without]

    def rows(
        self, name: str, keys: Sequence[str], columns: Sequence[str]
    ) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """Every row of a table as (key, values of `columns`)."""
        target = gold_table(name)
        query = select(*[target.c[column] for column in [*keys, *columns]])
        many = len(keys)
        for part in self.connection.execution_options(yield_per=5_000).execute(query).partitions():
            for row in map(tuple, part):
                yield row[:many], row[many:]

    def process_keys(self) -> list[int]:
        """The keys of all processes."""
        return list(self.connection.execute(select(gold_table("fact_process").c.process_key)).scalars())

    def dangling_references(self) -> Iterator[tuple[str, str, int, int]]:
        """(table, column, key, value) of references without a row: the foreign keys of the star, which no constraint of
        the database checks (docs/decisions/0011-foreign-keys-are-verified.md)."""
        keys = {(role.key, one.key, role.target): one.table for one in _facts() for role in one.roles.values()}
        bridge, organization = gold_table("bridge_process_organization"), gold_table("dim_organization")
        keys[bridge.c.process_key, bridge.c.process_key, gold_table("fact_process").c.process_key] = bridge
        keys[bridge.c.organization_key, bridge.c.process_key, organization.c.organization_key] = bridge
        for (column, key, target), table in keys.items():
            missing = select(key, column).where(column.is_not(None), column.not_in(select(target)))
            for row in self.connection.execute(missing):
                yield table.name, column.name, row[0], row[1]

    def has_fixed_rows(self) -> bool:
        """Whether the rows that belong to no process exist."""
        return self.connection.execute(select(gold_table("dim_date").c.date_key).limit(1)).first() is not None

    def fill_fixed(self, calendar: pl.DataFrame, updated_at: datetime) -> None:
        """Write the rows that belong to no process: the calendar, and the unknown organisation."""
        if calendar.height:
            days = dated(calendar, updated_at)
            others = [name for name in days.columns if name != "date_key"]
            self.put_frame(gold_table("dim_date"), days, ["date_key"], others)
        names = {"organization_id": UNKNOWN, "identity": UNKNOWN}
        unknown = {"organization_key": UNKNOWN_ORGANIZATION, **names, "is_current": True, "uses": 0}
        unknown["updated_at"] = updated_at
        self.upsert(gold_table("dim_organization"), [unknown], ["organization_key"], [])
