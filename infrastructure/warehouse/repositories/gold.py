"""Writing the star: a slice of processes replaces its own facts, and dimensions follow by counting who points at them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

import polars as pl
from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlmodel import SQLModel

from domain.organization import UNKNOWN
from domain.reference_star import reference_key
from domain.silver import INSTANT, Columns
from domain.star import DIMENSIONS, FACTS, REFERENCES, UNKNOWN_ORGANIZATION, Star
from infrastructure.warehouse import documents as _more  # noqa: F401  registers the tables
from infrastructure.warehouse import star as _tables  # noqa: F401  registers the tables
from infrastructure.warehouse.repositories.base import Repository, chunks

TABLES = (*FACTS, "bridge_process_organization")
Row = dict[str, Any]


def gold_table(name: str) -> Table:
    """The table of the star by its name."""
    return SQLModel.metadata.tables[name]


class Gold(Repository):
    """The facts, dimensions and bridge of the star."""

    def replace(self, process_keys: Sequence[int], star: Star | None, silver_batch: int) -> None:
        """Make the processes' rows those of `star` (None where all of them are gone)."""
        standing = self._standing(process_keys)  # of new processes, which are most, there is nothing to be read or deleted
        delta = Counter({key: -count for key, count in self._uses_of(standing).items()})
        old_bridge = self._old_bridge(standing)
        for name in TABLES:
            target = gold_table(name)
            for part in chunks(standing):
                self.connection.execute(delete(target).where(target.c.process_key.in_(part)))
        if star is not None:
            for name in FACTS:
                self.insert_frame(gold_table(name), star.facts[name])
            self.insert_frame(gold_table("bridge_process_organization"), star.bridge)
        self._count(star, delta)
        self._organizations(star, old_bridge, silver_batch)

    def _standing(self, process_keys: Sequence[int]) -> list[int]:
        """Those of the processes that have rows."""
        found: set[int] = set()
        for name in TABLES:
            key = gold_table(name).c.process_key
            for part in chunks(process_keys):
                found.update(self.connection.execute(select(key).where(key.in_(part))).scalars())
        return sorted(found)

    def _uses_of(self, process_keys: Sequence[int]) -> Counter[tuple[str, int]]:
        found: Counter[tuple[str, int]] = Counter()
        for fact, references in REFERENCES.items():
            target = gold_table(fact)
            columns = [target.c[column] for column in references]
            for part in chunks(process_keys):
                for row in self.connection.execute(select(*columns).where(target.c.process_key.in_(part))):
                    found.update(zip(references.values(), row, strict=True))
        return found

    def _count(self, star: Star | None, delta: Counter[tuple[str, int]]) -> None:
        for name, (key, _) in DIMENSIONS.items():
            target = gold_table(name)
            rows = star.dimensions[name].to_dicts() if star is not None else []
            fresh = {row[key] for row in rows}
            for row in rows:
                row["uses"] += delta.get((name, row[key]), 0)
            self._add_uses(target, key, [row for row in rows if row["uses"]])
            left = [{"b_key": k, "b_uses": count} for (dimension, k), count in delta.items() if dimension == name and k not in fresh]
            if left:
                self.connection.execute(update(target).where(target.c[key] == bindparam("b_key")).values(uses=target.c.uses + bindparam("b_uses")), left)
            suspects = [k for (dimension, k), count in delta.items() if dimension == name]
            for part in chunks(suspects):
                self.connection.execute(delete(target).where(target.c[key].in_(part), target.c.uses <= 0))

    def _add_uses(self, target: Table, key: str, rows: Sequence[Row]) -> None:
        if rows:
            insert = self.inserting(target)
            uses = target.c.uses + insert.excluded.uses
            self.connection.execute(insert.on_conflict_do_update(index_elements=[key], set_={"uses": uses}), list(rows))

    def _old_bridge(self, process_keys: Sequence[int]) -> list[Row]:
        bridge = gold_table("bridge_process_organization")
        rows: list[Row] = []
        for part in chunks(process_keys):
            rows += [dict(row) for row in self.connection.execute(select(bridge).where(bridge.c.process_key.in_(part))).mappings()]
        return rows

    def _organizations(self, star: Star | None, old_bridge: Sequence[Row], silver_batch: int) -> None:
        touched = {row["organization_id"] for row in old_bridge}
        if star is not None:
            touched |= set(star.bridge["organization_id"])
        moved = self._versions({row["organization_key"] for row in old_bridge}, star)
        self._periods(moved - {UNKNOWN})
        self._touch(touched - {UNKNOWN}, silver_batch)

    def _versions(self, left: set[int], star: Star | None) -> set[str]:
        """Bring `uses` and `valid_from` of the touched versions in line with the bridge; drop those that nothing names.

        Versions that processes left are counted over the bridge, others by what `star` adds. The organisations with a new, a dropped or a
        moved version.
        """
        named = _named(star)
        known = self._known_versions(left | set(named))
        seen = self._counted(left)
        for key, (uses, first) in named.items():
            if key not in left:
                row = known.get(key)
                seen[key] = (uses, first) if row is None else (row.uses + uses, min(row.valid_from or first, first))
        moved = {row.organization_id for key, row in known.items() if key not in seen or row.valid_from != seen[key][1]}
        self._drop_versions([key for key in left if key not in seen and key != UNKNOWN_ORGANIZATION])
        again = [{"b_key": key, "b_uses": uses, "b_from": first} for key, (uses, first) in seen.items() if key in known]
        if again:
            dim = gold_table("dim_organization")
            values: dict[str, Any] = {"uses": bindparam("b_uses"), "valid_from": bindparam("b_from")}
            self.connection.execute(update(dim).where(dim.c.organization_key == bindparam("b_key")).values(**values), again)
        if star is not None:
            moved |= self._add_versions(star.organizations, [(key, uses, first) for key, (uses, first) in seen.items() if key not in known])
        return moved

    def _add_versions(self, versions: pl.DataFrame, fresh: Sequence[tuple[int, int, Any]]) -> set[str]:
        types: Columns = {"organization_key": pl.Int64, "uses": pl.Int64, "valid_from": INSTANT}
        counted = pl.DataFrame(fresh, schema=types, orient="row").with_columns(is_current=pl.lit(value=False))
        added = versions.join(counted, on="organization_key", how="inner")
        self.insert_frame(gold_table("dim_organization"), added)
        return set(added["organization_id"])

    def _known_versions(self, keys: Iterable[int]) -> dict[int, Any]:
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_key, dim.c.organization_id, dim.c.uses, dim.c.valid_from)
        parts = chunks(sorted(keys))
        return {row.organization_key: row for part in parts for row in self.connection.execute(query.where(dim.c.organization_key.in_(part)))}

    def _counted(self, keys: Iterable[int]) -> dict[int, tuple[int, Any]]:
        """(uses, first date) of these versions over the bridge, of those that are named at all."""
        bridge = gold_table("bridge_process_organization")
        query = select(bridge.c.organization_key, func.count(), func.min(bridge.c.last_published)).group_by(bridge.c.organization_key)
        found: dict[int, tuple[int, Any]] = {}
        for part in chunks(sorted(keys)):
            rows = self.connection.execute(query.where(bridge.c.organization_key.in_(part)))
            found.update((key, (uses, first)) for key, uses, first in rows)
        return found

    def _drop_versions(self, keys: Iterable[int]) -> None:
        dim = gold_table("dim_organization")
        for part in chunks(keys):
            self.connection.execute(delete(dim).where(dim.c.organization_key.in_(part)))

    def _periods(self, organization_ids: Iterable[str]) -> None:
        """Chain the versions of each organisation by the date each was first stated: valid_to is the next one's valid_from.

        What a reference table says is no part of the chain: it is the current version as long as it is there.
        """
        dim = gold_table("dim_organization")
        rows: list[Any] = []
        for part in chunks(sorted(organization_ids)):
            columns = (dim.c.organization_key, dim.c.organization_id, dim.c.valid_from, dim.c.valid_to, dim.c.is_current, dim.c.reference)
            rows += self.connection.execute(select(*columns).where(dim.c.organization_id.in_(part))).all()
        governed = {row.organization_id for row in rows if row.reference}
        frame = sorted(
            (row for row in rows if not row.reference),
            key=lambda row: (row.organization_id, row.valid_from is not None, str(row.valid_from), row.organization_key),
        )
        changes = []
        for row, following in zip_longest(frame, frame[1:]):
            last = following is None or following.organization_id != row.organization_id
            until = None if following is None or last else following.valid_from
            current = last and row.organization_id not in governed
            if (row.valid_to, row.is_current) != (until, current):
                changes.append({"b_key": row.organization_key, "b_to": until, "b_current": current})
        if changes:
            values: dict[str, Any] = {"valid_to": bindparam("b_to"), "is_current": bindparam("b_current")}
            self.connection.execute(update(dim).where(dim.c.organization_key == bindparam("b_key")).values(**values), changes)

    def reference_organizations(self, record_ids: Sequence[str], rows: pl.DataFrame, silver_batch: int) -> None:
        """Make `rows` the versions that these reference records make, and none for those that have no row."""
        dim = gold_table("dim_organization")
        touched = set(rows["organization_id"]) | self._replace_reference(dim, "organizations", record_ids, rows, dim.c.organization_id)
        self._periods(touched)
        self._touch(touched, silver_batch)

    def reference_classifications(self, record_ids: Sequence[str], rows: pl.DataFrame) -> None:
        """Make `rows` those that these reference records make, and none for those that have no row."""
        dim = gold_table("dim_classification")
        self._replace_reference(dim, "classifications", record_ids, rows, dim.c.code)

    def prune_reference(self, kind: str, record_ids: Sequence[str]) -> None:
        """Take out the reference rows that none of these records makes."""
        dim = gold_table({"organizations": "dim_organization", "classifications": "dim_classification"}[kind])
        (key,) = dim.primary_key.columns
        wanted = {reference_key(kind, one) for one in record_ids}
        gone = [one for one in self.connection.execute(select(key).where(dim.c.reference)).scalars() if one not in wanted]
        for part in chunks(gone):
            self.connection.execute(delete(dim).where(key.in_(part)))

    def _replace_reference(self, dim: Table, kind: str, record_ids: Sequence[str], rows: pl.DataFrame, said: Any) -> set[str]:
        """Replace the rows of the records; what they said before in the column `said`."""
        (key,) = dim.primary_key.columns
        before: set[str] = set()
        for part in chunks(reference_key(kind, one) for one in record_ids):
            before.update(self.connection.execute(select(said).where(key.in_(part))).scalars())
            self.connection.execute(delete(dim).where(key.in_(part)))
        self.insert_frame(dim, rows)
        return before

    def _touch(self, organization_ids: Iterable[str], silver_batch: int) -> None:
        target = gold_table("touched_organization")
        self.upsert(target, [{"organization_id": one, "silver_batch": silver_batch} for one in sorted(organization_ids)], ["organization_id"])

    def tables(self) -> dict[str, list[str]]:
        """The tables of the star with their keys."""
        names = [*FACTS, *DIMENSIONS, "dim_organization", "dim_date", "dim_exchange_rate", "bridge_process_organization"]
        names += ["fact_document", "document_claim", "process_file"]
        return {name: [column.name for column in gold_table(name).primary_key] for name in names}

    def rows(self, name: str, keys: Sequence[str], without: set[str]) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """Every row of a table as (key, columns by name but those of `without`)."""
        target = gold_table(name)
        query = select(*[column for column in target.columns if column.name not in without])
        for row in self.connection.execution_options(yield_per=5_000).execute(query).mappings():
            yield tuple(row[key] for key in keys), dict(row)

    def process_keys(self) -> list[int]:
        """The keys of all processes."""
        return list(self.connection.execute(select(gold_table("fact_process").c.process_key)).scalars())

    def recount(self) -> None:
        """Count `uses` of every dimension over the facts, and drop the rows that nothing points at."""
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
            kept = [~target.c.reference] if "reference" in target.c else []
            self.connection.execute(update(target).where(*kept).values(uses=0))
            if values:
                self.connection.execute(update(target).where(target.c[key] == bindparam("b_key")).values(uses=bindparam("b_uses")), values)
            self.connection.execute(delete(target).where(target.c.uses <= 0))

    def fixed(self) -> bool:
        """Whether the rows that no process makes are there."""
        return self.connection.execute(select(gold_table("dim_date").c.date_key).limit(1)).first() is not None

    def fill_fixed(self, calendar: pl.DataFrame) -> None:
        """The rows that no process makes: the calendar, and the unknown organisation."""
        self.upsert(gold_table("dim_date"), calendar.to_dicts(), ["date_key"])
        unknown = {"organization_key": UNKNOWN_ORGANIZATION, "organization_id": UNKNOWN, "is_current": True, "uses": 0}
        self.upsert(gold_table("dim_organization"), [unknown], ["organization_key"], [])


def _named(star: Star | None) -> dict[int, tuple[int, Any]]:
    """(uses, first date) of each version over the bridge rows of a star."""
    if star is None:
        return {}
    counted = star.bridge.group_by("organization_key").agg(pl.len(), pl.col("last_published").min())
    return {key: (uses, first) for key, uses, first in counted.iter_rows()}
