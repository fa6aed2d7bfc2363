"""Writes the star: a slice of processes replaces its facts; dimension rows exist while facts reference them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import polars as pl
from sqlalchemy import Table, bindparam, delete, func, select, update

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.star.model import DIMENSIONS, FACTS, REFERENCES, UNKNOWN_ORGANIZATION, Star
from domain.star.reference_rows import reference_key
from domain.star.write_plan import StarWritePlan
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.organizations import OrganizationRepository

TABLES = (*FACTS, "bridge_process_organization")


class StarWriter(Repository):
    """The facts, dimensions and bridge of the star."""

    @cached_property
    def _organizations(self) -> OrganizationRepository:
        return OrganizationRepository(self.connection)

    def plan(self, process_keys: Sequence[int], star: Star | None) -> StarWritePlan:
        """Plan the writes that make the processes' rows those of `star` (None: delete them). Writes nothing.

        The plan is valid until another publish run begins: make it without the write lock, then write it quickly.
        """
        standing = self._existing(process_keys)  # new processes, which are most, have nothing to read or delete
        delta = Counter({key: -count for key, count in self._uses_of(standing).items()})
        return StarWritePlan(star, standing, delta, self._organizations.plan(standing, star))

    def write(self, plan: StarWritePlan, silver_batch: int) -> None:
        """Write the plan."""
        for name in TABLES:
            target = gold_table(name)
            for part in chunks(plan.standing):
                self.connection.execute(delete(target).where(self.among(target.c.process_key, part)))
        if plan.star is not None:
            for name in FACTS:
                self.insert_frame(gold_table(name), plan.star.facts[name])
            self.insert_frame(gold_table("bridge_process_organization"), plan.star.bridge)
        self._count(plan.star, plan.delta)
        self._organizations.write(plan.people, silver_batch)

    def _existing(self, process_keys: Sequence[int]) -> list[int]:
        """The processes that have rows."""
        found: set[int] = set()
        for name in TABLES:
            key = gold_table(name).c.process_key
            for part in chunks(process_keys):
                found.update(self.connection.execute(select(key).where(self.among(key, part))).scalars())
        return sorted(found)

    def _uses_of(self, process_keys: Sequence[int]) -> Counter[tuple[str, int]]:
        found: Counter[tuple[str, int]] = Counter()
        for fact, references in REFERENCES.items():
            target = gold_table(fact)
            columns = [target.c[column] for column in references]
            for part in chunks(process_keys):
                for row in self.connection.execute(select(*columns).where(self.among(target.c.process_key, part))):
                    found.update(zip(references.values(), row, strict=True))
        return found

    def _count(self, star: Star | None, delta: Counter[tuple[str, int]]) -> None:
        for name, (key, _) in DIMENSIONS.items():
            left = {k: count for (dimension, k), count in delta.items() if dimension == name}
            target, made = gold_table(name), star.dimensions[name] if star is not None else None
            if made is not None:
                changes_of_uses = [left.pop(k, 0) for k in made[key]] if left else []
                counted = (
                    made.with_columns(
                        pl.col("uses").cast(pl.Int64) + pl.Series(changes_of_uses, dtype=pl.Int64)
                    ).filter(pl.col("uses") != 0)
                    if changes_of_uses
                    else made
                )
                self.put_frame(target, counted, [key], added=["uses"])
            if left:
                rows = [{"b_key": k, "b_uses": count} for k, count in left.items()]
                self.connection.execute(
                    update(target)
                    .where(target.c[key] == bindparam("b_key"))
                    .values(uses=target.c.uses + bindparam("b_uses")),
                    rows,
                )
            for part in chunks(k for dimension, k in delta if dimension == name):
                self.connection.execute(delete(target).where(self.among(target.c[key], part), target.c.uses <= 0))

    def reference_organizations(self, record_ids: Sequence[str], rows: pl.DataFrame, silver_batch: int) -> None:
        """Replace the versions from these reference records with `rows`; records without a row lose theirs."""
        dim = gold_table("dim_organization")
        touched = set(rows["organization_id"]) | self._replace_reference(
            dim, "organizations", record_ids, rows, dim.c.organization_id
        )
        self._organizations.update_periods(touched)
        self._organizations.mark_touched(touched, silver_batch)

    def reference_classifications(self, record_ids: Sequence[str], rows: pl.DataFrame) -> None:
        """Replace the codes from these reference records with `rows`; records without a row lose theirs."""
        dim = gold_table("dim_classification")
        self._replace_reference(dim, "classifications", record_ids, rows, dim.c.code)

    def prune_reference(self, kind: str, record_ids: Sequence[str]) -> None:
        """Delete the reference rows that belong to none of these records."""
        dim = gold_table({"organizations": "dim_organization", "classifications": "dim_classification"}[kind])
        (key,) = dim.primary_key.columns
        wanted = {reference_key(kind, item) for item in record_ids}
        unneeded = [
            item for item in self.connection.execute(select(key).where(dim.c.reference)).scalars() if item not in wanted
        ]
        for part in chunks(unneeded):
            self.connection.execute(delete(dim).where(self.among(key, part)))

    def _replace_reference(
        self, dim: Table, kind: str, record_ids: Sequence[str], rows: pl.DataFrame, column: Any
    ) -> set[str]:
        """Replace the rows of the records; returns the former values of `column`."""
        (key,) = dim.primary_key.columns
        before: set[str] = set()
        for part in chunks(reference_key(kind, item) for item in record_ids):
            before.update(self.connection.execute(select(column).where(self.among(key, part))).scalars())
            self.connection.execute(delete(dim).where(self.among(key, part)))
        self.insert_frame(dim, rows)
        return before

    def tables(self) -> dict[str, list[str]]:
        """The tables of the star with their key columns."""
        names = [
            *FACTS,
            *DIMENSIONS,
            "dim_organization",
            "dim_date",
            "dim_exchange_rate",
            "bridge_process_organization",
        ]
        names += ["organization_total", "fact_document", "document_claim", "process_file"]
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

    def recount_uses(self) -> None:
        """Recount `uses` of every dimension from the facts, and delete the rows without references."""
        counted: Counter[tuple[str, int]] = Counter()
        for fact, references in REFERENCES.items():
            target = gold_table(fact)
            for column, dimension in references.items():
                query = select(target.c[column], func.count()).group_by(target.c[column])
                for key, count in self.connection.execute(query):
                    counted[dimension, key] += count
        for name, (key, _) in DIMENSIONS.items():
            target = gold_table(name)
            values = [{"b_key": k, "b_uses": count} for (dimension, k), count in counted.items() if dimension == name]
            conditions = [~target.c.reference] if "reference" in target.c else []
            self.connection.execute(update(target).where(*conditions).values(uses=0))
            if values:
                self.connection.execute(
                    update(target).where(target.c[key] == bindparam("b_key")).values(uses=bindparam("b_uses")), values
                )
            self.connection.execute(delete(target).where(target.c.uses <= 0))
        self._organizations.recount()

    def has_fixed_rows(self) -> bool:
        """Whether the rows that belong to no process exist."""
        return self.connection.execute(select(gold_table("dim_date").c.date_key).limit(1)).first() is not None

    def fill_fixed(self, calendar: pl.DataFrame) -> None:
        """Write the rows that belong to no process: the calendar, and the unknown organisation."""
        self.put_frame(
            gold_table("dim_date"),
            calendar,
            ["date_key"],
            replaced=[name for name in calendar.columns if name != "date_key"],
        )
        unknown = {"organization_key": UNKNOWN_ORGANIZATION, "organization_id": UNKNOWN, "is_current": True, "uses": 0}
        self.upsert(gold_table("dim_organization"), [unknown], ["organization_key"], [])
