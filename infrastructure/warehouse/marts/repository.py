"""Queries and writes of the data marts. domain/marts computes what is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, Table, cast, delete, func, insert, select, update

from domain.lake.silver import Columns, ColumnTypes
from domain.marts.additive import WORTH
from domain.marts.derived import RELATION_YEARS, RELATIONS
from domain.marts.facts import AWARDS, RED_FLAGS, TENDERS, MartFacts
from domain.marts.marts import MARTS
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.mart_tables import MartChange, MartRefresh, MartUncounted

CHANGE, REFRESH, UNCOUNTED = table(MartChange), table(MartRefresh), table(MartUncounted)
PAGE_PROCESSES = 5_000


class MartRepository(Repository):
    """The tables of the marts, their pending changes, and when they were refreshed."""

    def facts(self, process_keys: Sequence[int]) -> MartFacts:
        """The counted facts of these processes, with what matching takes their organisations for."""
        counted = self._counted(process_keys)
        return self._facts(counted, counted, "identity")

    def facts_by_organization(self, process_keys: Sequence[int], awards_of: Sequence[int]) -> MartFacts:
        """The counted facts of these processes, and the awards of the processes `awards_of`, with the ids of
        organisations themselves, not their identities."""
        return self._facts(self._counted(process_keys), self._counted({*process_keys, *awards_of}), "organization_id")

    def _counted(self, process_keys: Iterable[int]) -> set[int]:
        keys = set(process_keys)
        query = select(UNCOUNTED.c.process_key)
        return keys.difference(self.read_frame(query, {"key": pl.Int64}, (UNCOUNTED.c.process_key, keys))["key"])

    def _facts(self, process_keys: Iterable[int], awards_of: Iterable[int], named: str) -> MartFacts:
        process, award, flag = (gold_table(f"fact_{name}").c.process_key for name in ("process", "award", "red_flag"))
        return MartFacts(
            self.read_frame(_tenders(named), TENDERS, (process, process_keys)),
            self.read_frame(_awards(named), AWARDS, (award, awards_of)),
            self.read_frame(_red_flags(named), RED_FLAGS, (flag, process_keys)),
        )

    def red_flags(self, red_flag_keys: Iterable[int]) -> pl.DataFrame:
        """The counted red flags (RED_FLAGS) with these keys."""
        flag = gold_table("fact_red_flag")
        uncounted = select(1).where(UNCOUNTED.c.process_key == flag.c.process_key).exists()
        return self.read_frame(_red_flags().where(~uncounted), RED_FLAGS, (flag.c.red_flag_key, red_flag_keys))

    def red_flags_of_organizations(self) -> pl.DataFrame:
        """The red flags (RED_FLAGS) of organisations over all their processes."""
        return self.read_frame(_red_flags().where(gold_table("fact_red_flag").c.process_key.is_(None)), RED_FLAGS)

    def processes_of_awards(self, award_keys: Iterable[int]) -> list[int]:
        """The processes that have these award rows."""
        award = gold_table("fact_award")
        found = self.read_frame(select(award.c.process_key), {"key": pl.Int64}, (award.c.award_key, award_keys))
        return found["key"].unique().sort().to_list()

    def processes_of_organizations(self, organization_ids: Iterable[str], role: str) -> list[int]:
        """The processes that name these organisations in the role."""
        bridge = gold_table("bridge_process_organization")
        query = select(bridge.c.process_key).where(bridge.c.role == role)
        found = self.read_frame(query, {"key": pl.Int64}, (bridge.c.organization_id, organization_ids))
        return found["key"].unique().sort().to_list()

    def process_pages(self) -> Iterator[list[int]]:
        """The keys of all processes, in pages."""
        keys = list(self.connection.execute(select(gold_table("fact_process").c.process_key)).scalars())
        return (keys[start : start + PAGE_PROCESSES] for start in range(0, len(keys), PAGE_PROCESSES))

    def rows(self, name: str, key: str, keys: Iterable[int], types: ColumnTypes) -> pl.DataFrame:
        """The columns `types` of a table's rows whose column `key` has one of these values."""
        target = gold_table(name)
        return self.read_frame(select(*[target.c[column] for column in types]), types, (target.c[key], keys))

    def relations(self, keys: Iterable[int]) -> pl.DataFrame:
        """The sums of mart_relation_day (RELATIONS) of these relations; summed by the database, as days are many."""
        day = gold_table("mart_relation_day").c.day
        query = _sums(RELATIONS).add_columns(func.min(day), func.max(day))
        return self.read_frame(query, RELATIONS, (gold_table("mart_relation_day").c.relation_key, keys))

    def relation_years(self, keys: Iterable[int]) -> pl.DataFrame:
        """The sums of mart_relation_day (RELATION_YEARS) of these buyers and years, by their keys."""
        target = gold_table("mart_relation_day")
        return self.read_frame(_sums(RELATION_YEARS), RELATION_YEARS, (target.c.concentration_key, keys))

    def replace(self, name: str, key: str, keys: Iterable[int], rows: pl.DataFrame) -> None:
        """Replace a table's rows with these keys."""
        target = gold_table(name)
        self.delete_among(target.c[key], keys)
        self.insert_frame(target, rows.select(column.name for column in target.columns))

    def add_changes(self, differences: Mapping[str, pl.DataFrame]) -> None:
        """Keep differences of additive tables until `take_changes`."""
        for name, rows in differences.items():
            if not rows.height:
                continue
            file = BytesIO()
            rows.write_ipc(file)
            self.connection.execute(insert(CHANGE), {"name": name, "difference": file.getvalue()})

    def mark_uncounted(self, process_keys: Sequence[int] | pl.Series) -> None:
        """Have the next refresh count these processes; what they had added before is subtracted already."""
        keys = pl.DataFrame({"process_key": process_keys}, schema={"process_key": pl.Int64})
        self.delete_among(UNCOUNTED.c.process_key, keys["process_key"])
        self.insert_frame(UNCOUNTED, keys)

    def take_uncounted(self, limit: int) -> list[int]:
        """At most so many processes that are not in the marts; from now on they count as if they were."""
        keys = list(self.connection.execute(select(UNCOUNTED.c.process_key).limit(limit)).scalars())
        self.delete_among(UNCOUNTED.c.process_key, keys)
        return keys

    def has_uncounted(self) -> bool:
        """Whether there are processes that are not in the marts."""
        return self.connection.execute(select(UNCOUNTED.c.process_key).limit(1)).first() is not None

    def changed(self) -> list[str]:
        """The additive tables with pending changes."""
        return list(self.connection.execute(select(CHANGE.c.name).distinct().order_by(CHANGE.c.name)).scalars())

    def take_changes(self, name: str) -> list[pl.DataFrame]:
        """The pending changes of a table, which are deleted."""
        query = select(CHANGE.c.difference).where(CHANGE.c.name == name).order_by(CHANGE.c.id)
        found = [
            pl.read_ipc(BytesIO(content), use_pyarrow=False) for content in self.connection.execute(query).scalars()
        ]
        self.connection.execute(delete(CHANGE).where(CHANGE.c.name == name))
        return found

    def delete_rows(self, names: Iterable[str]) -> None:
        """Delete all rows of these tables with all that is pending: each process counts as if it were in them."""
        self.connection.execute(delete(UNCOUNTED))
        for name in sorted(set(names) - set(self.views)):
            self.connection.execute(delete(gold_table(name)))
            self.connection.execute(delete(CHANGE).where(CHANGE.c.name == name))

    @property
    def views(self) -> tuple[str, ...]:
        """The marts that the database keeps as materialised views."""
        return ("mart_market",) if self.connection.dialect.name == "postgresql" else ()

    def note_change(self, name: str) -> None:
        """Count a change of what a materialised view is made of, or of something else that plans depend on."""
        self._ensure([name])
        self.connection.execute(update(REFRESH).where(REFRESH.c.name == name).values(changes=REFRESH.c.changes + 1))

    def changes_of(self, name: str) -> int:
        """How many changes have been counted."""
        return self.connection.execute(select(REFRESH.c.changes).where(REFRESH.c.name == name)).scalar() or 0

    def stale_views(self) -> dict[str, int]:
        """The materialised views that must be refreshed, with the number of changes until now."""
        if not self.views:
            return {}
        query = select(REFRESH.c.name, REFRESH.c.changes).where(
            REFRESH.c.name.in_(self.views), REFRESH.c.refreshed < REFRESH.c.changes
        )
        return {row.name: row.changes for row in self.connection.execute(query)}

    def set_refreshed(self, as_of: datetime, name: str | None = None, changes: int = 0) -> None:
        """Set the instant that a materialised view shows, or, without a name, that of all marts that are tables."""
        names = [mart.table for mart in MARTS.values() if mart.table not in self.views] if name is None else [name]
        self._ensure(names)
        values: dict[str, Any] = {"as_of": as_of} | ({"refreshed": changes} if name else {})
        self.connection.execute(update(REFRESH).where(REFRESH.c.name.in_(names)).values(**values))

    def as_of(self) -> dict[str, datetime | None]:
        """The instant that each mart shows, by its table."""
        return {row.name: row.as_of for row in self.connection.execute(select(REFRESH.c.name, REFRESH.c.as_of))}

    def _ensure(self, names: Sequence[str]) -> None:
        rows = [{"name": name, "as_of": None, "changes": 0, "refreshed": 0} for name in names]
        self.upsert(REFRESH, rows, ["name"], [])


def _sums(types: Columns) -> Select[Any]:
    target = gold_table("mart_relation_day")
    group = [target.c[name] for name in types if name in target.c and name not in WORTH]
    sums = [cast(func.sum(target.c[name]), BigInteger).label(name) for name in WORTH]
    return select(*group, *sums).group_by(*group)


def _red_flags(named: str = "identity") -> Select[Any]:
    fact, indicator = gold_table("fact_red_flag"), gold_table("dim_indicator")
    buyer = gold_table("dim_organization").alias("buyer")
    joined = fact.join(indicator, indicator.c.indicator_key == fact.c.indicator_key)
    joined = joined.outerjoin(buyer, buyer.c.organization_key == fact.c.buyer_key)
    columns = [indicator.c.code, buyer.c[named], fact.c.source_key, fact.c.date_key, fact.c.result]
    return select(*columns).select_from(joined)


def _tenders(named: str) -> Select[Any]:
    fact, buyer = gold_table("fact_process"), gold_table("dim_organization").alias("buyer")
    procedure, status = gold_table("dim_procedure"), gold_table("dim_status")
    columns: dict[str, ColumnElement[Any]] = {name: fact.c[name] for name in TENDERS if name in fact.c}
    columns |= {"buyer_id": buyer.c[named], "method": procedure.c.method, "status": status.c.status}
    joined = fact.outerjoin(buyer, buyer.c.organization_key == fact.c.buyer_key)
    joined = joined.outerjoin(procedure, procedure.c.procedure_key == fact.c.procedure_key)
    joined = joined.outerjoin(status, status.c.status_key == fact.c.status_key)
    return select(*[columns[name] for name in TENDERS]).select_from(joined)


def _awards(named: str) -> Select[Any]:
    fact, process = gold_table("fact_award"), gold_table("fact_process")
    buyer, supplier = (gold_table("dim_organization").alias(role) for role in ("buyer", "supplier"))
    place, status = gold_table("dim_location"), gold_table("dim_status")
    classification = gold_table("dim_classification")
    columns: dict[str, ColumnElement[Any]] = {name: fact.c[name] for name in AWARDS if name in fact.c}
    columns |= {"buyer_id": buyer.c[named], "supplier_id": supplier.c[named], "status": status.c.status}
    columns |= {"division": classification.c.division, "country": place.c.country, "region": place.c.region}
    joined: Table | FromClause = fact.join(process, process.c.process_key == fact.c.process_key)
    for dimension, key, target in (
        (buyer, fact.c.buyer_key, buyer.c.organization_key),
        (supplier, fact.c.supplier_key, supplier.c.organization_key),
        (status, fact.c.status_key, status.c.status_key),
        (classification, fact.c.classification_key, classification.c.classification_key),
        (place, process.c.location_key, place.c.location_key),
    ):
        joined = joined.outerjoin(dimension, target == key)
    return select(*[columns[name] for name in AWARDS]).select_from(joined)
