"""Organisations in the star: their type 2 history and totals, which follow the processes that name them.

Updates use the difference between what a slice of processes said before and says now, so that their cost doesn't grow
with the amount of data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import polars as pl
from sqlalchemy import Table, delete, func, select, update

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import INSTANT, Columns
from domain.star.model import UNKNOWN_ORGANIZATION, Star
from domain.star.organization_totals import AWARDS, COUNTS, KEYS, organization_totals, totals_difference
from domain.star.write_plan import OrganizationChanges
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.gold_tables import gold_table

BRIDGE: Columns = {
    "process_key": pl.Int64,
    "organization_key": pl.Int64,
    "role": pl.String,
    "organization_id": pl.String,
    "last_published": INSTANT,
}
VERSION_COLUMNS: Columns = {
    "organization_key": pl.Int64,
    "organization_id": pl.String,
    "known": pl.Int64,
    "valid_from": INSTANT,
}
PAGE_AWARDS = 50_000  # award rows that are summed at once


@dataclass(frozen=True)
class OrganizationMentions:
    """Bridge rows (BRIDGE) and award rows (AWARDS) of processes, which name organisations."""

    bridge: pl.DataFrame
    awards: pl.DataFrame


class OrganizationRepository(Repository):
    """The tables dim_organization, organization_total and touched_organization."""

    def plan(self, process_keys: Sequence[int], star: Star | None) -> OrganizationChanges:
        """The changes to organisations when these processes, new or existing, become those in `star`.

        Writes nothing.
        """
        before, after = self._stored_mentions(process_keys), _new_mentions(star)
        dropped, changed, fresh = self._versions(before.bridge, after.bridge, process_keys)
        counted = fresh.select(
            "organization_key", "uses", pl.col("first").alias("valid_from"), pl.lit(value=False).alias("is_current")
        )
        added = (
            star.organizations.join(counted, on="organization_key", how="inner")
            if star is not None
            else counted.clear()
        )
        moved = {
            *dropped["organization_id"],
            *changed.filter("moved")["organization_id"],
            *(added["organization_id"] if star is not None else ()),
        }
        totals = totals_difference(
            organization_totals(before.bridge, before.awards), organization_totals(after.bridge, after.awards)
        )
        named = {*before.bridge["organization_id"], *after.bridge["organization_id"]}
        stated = changed.select("organization_key", "uses", pl.col("since").alias("valid_from"))
        return OrganizationChanges(dropped, stated, added, totals, moved - {UNKNOWN}, named)

    def write(self, changes: OrganizationChanges, silver_batch: int) -> None:
        """Write the changes."""
        dim = gold_table("dim_organization")
        for part in chunks(changes.dropped["organization_key"]):
            self.connection.execute(delete(dim).where(self.among(dim.c.organization_key, part)))
        self.update_frame(dim, changes.changed, "organization_key")
        self.insert_frame(dim, changes.added)
        self.update_periods(changes.moved)
        self._add(changes.totals)
        self.mark_touched(changes.named, silver_batch)

    def _stored_mentions(self, process_keys: Sequence[int]) -> OrganizationMentions:
        bridge = gold_table("bridge_process_organization")
        rows: list[Any] = []
        awards: list[Any] = []
        for part in chunks(process_keys):
            rows += self.connection.execute(
                select(*[bridge.c[name] for name in BRIDGE]).where(self.among(bridge.c.process_key, part))
            ).all()
            awards += self.connection.execute(
                self._awards().where(self.among(gold_table("fact_award").c.process_key, part))
            ).all()
        return OrganizationMentions(_frame(rows, BRIDGE), _frame(awards, AWARDS))

    def converted(self, awards: pl.DataFrame, silver_batch: int) -> None:
        """Update the totals to the awards' (key, amount_base) new amounts. Called before these are written."""
        award = gold_table("fact_award")
        rows: list[Any] = []
        for part in chunks(awards["key"]):
            rows += self.connection.execute(
                self._awards(award.c.award_key).where(self.among(award.c.award_key, part))
            ).all()
        old_awards = _frame(rows, {"key": pl.Int64, **AWARDS})
        new_awards = old_awards.drop("amount_base").join(awards.select("key", "amount_base"), on="key", how="inner")
        no_bridge = pl.DataFrame(schema=BRIDGE)
        self._add(
            totals_difference(
                organization_totals(no_bridge, old_awards),
                organization_totals(no_bridge, new_awards.select(list(AWARDS))),
            )
        )
        self.mark_touched({*old_awards["supplier_id"].drop_nulls(), *old_awards["buyer_id"].drop_nulls()}, silver_batch)

    def mark_touched(self, organization_ids: Iterable[str], silver_batch: int) -> None:
        """Mark the organisations for the index stage, with this silver batch."""
        frame = pl.DataFrame(
            {"organization_id": sorted(set(organization_ids) - {UNKNOWN})}, schema={"organization_id": pl.String}
        )
        rows = frame.with_columns(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch"))
        self.put_frame(gold_table("touched_organization"), rows, ["organization_id"], replaced=["silver_batch"])

    def update_periods(self, organization_ids: Iterable[str]) -> None:
        """Chain the versions of each organisation by the date that first stated them: valid_to is the next valid_from.

        A version from a reference table is not part of the chain: it is current as long as it exists.
        """
        dim = gold_table("dim_organization")
        rows: list[Any] = []
        for part in chunks(sorted(organization_ids)):
            columns = (
                dim.c.organization_key,
                dim.c.organization_id,
                dim.c.valid_from,
                dim.c.valid_to,
                dim.c.is_current,
                dim.c.reference,
            )
            rows += self.connection.execute(select(*columns).where(self.among(dim.c.organization_id, part))).all()
        with_reference = {row.organization_id for row in rows if row.reference}
        chain = sorted(
            (row for row in rows if not row.reference),
            key=lambda row: (
                row.organization_id,
                row.valid_from is not None,
                str(row.valid_from),
                row.organization_key,
            ),
        )
        changes = []
        for row, following in zip_longest(chain, chain[1:]):
            last = following is None or following.organization_id != row.organization_id
            until = None if following is None or last else following.valid_from
            current = last and row.organization_id not in with_reference
            if (row.valid_to, row.is_current) != (until, current):
                changes.append((row.organization_key, until, current))
        types: Columns = {"organization_key": pl.Int64, "valid_to": INSTANT, "is_current": pl.Boolean}
        self.update_frame(dim, _frame(changes, types), "organization_key")

    def recount(self) -> None:
        """Recount everything: uses and first dates of versions from the bridge, totals from bridge and awards."""
        dim, bridge = gold_table("dim_organization"), gold_table("bridge_process_organization")
        here = bridge.c.organization_key == dim.c.organization_key
        uses = select(func.count()).where(here).scalar_subquery()
        first = select(func.min(bridge.c.last_published)).where(here).scalar_subquery()
        self.connection.execute(update(dim).where(~dim.c.reference).values(uses=uses, valid_from=first))
        self.connection.execute(
            delete(dim).where(~dim.c.reference, dim.c.organization_key != UNKNOWN_ORGANIZATION, dim.c.uses <= 0)
        )
        self.update_periods(
            set(
                self.connection.execute(select(dim.c.organization_id).where(dim.c.organization_id != UNKNOWN)).scalars()
            )
        )
        self.connection.execute(delete(gold_table("organization_total")))
        no_bridge, no_awards = pl.DataFrame(schema=BRIDGE), pl.DataFrame(schema=AWARDS)
        # Pages hold whole organisations, so that no process of one is counted twice.
        for page in self._organization_pages(bridge):
            self._add(organization_totals(page, no_awards))
        for part in self.connection.execute(self._awards(), execution_options={"yield_per": PAGE_AWARDS}).partitions():
            self._add(organization_totals(no_bridge, _frame(part, AWARDS)))

    def _organization_pages(self, bridge: Table) -> Iterable[pl.DataFrame]:
        ids = sorted(set(self.connection.execute(select(bridge.c.organization_id).distinct()).scalars()))
        for part in chunks(ids, 1_000):
            query = select(*[bridge.c[name] for name in BRIDGE]).where(self.among(bridge.c.organization_id, part))
            yield _frame(self.connection.execute(query).all(), BRIDGE)

    def _awards(self, *more: Any) -> Any:
        award, dim, status = gold_table("fact_award"), gold_table("dim_organization"), gold_table("dim_status")
        supplier, buyer = dim.alias(), dim.alias()
        names = [supplier.c.organization_id.label("supplier_id"), buyer.c.organization_id.label("buyer_id")]
        columns = [*more, *names, status.c.status, award.c.amount_base]
        joined = award.outerjoin(supplier, supplier.c.organization_key == award.c.supplier_key)
        joined = joined.outerjoin(status, status.c.status_key == award.c.status_key)
        return select(*columns).select_from(joined.outerjoin(buyer, buyer.c.organization_key == award.c.buyer_key))

    def _add(self, moved: pl.DataFrame) -> None:
        total = gold_table("organization_total")
        self.put_frame(total, moved, KEYS, added=COUNTS)
        less = moved.filter(pl.any_horizontal(pl.col(name) < 0 for name in ("processes", "awards")))
        for part in chunks(less["organization_id"].unique()):
            self.connection.execute(
                delete(total).where(
                    self.among(total.c.organization_id, part), total.c.processes <= 0, total.c.awards <= 0
                )
            )

    def _versions(self, before: pl.DataFrame, after: pl.DataFrame, process_keys: Sequence[int]) -> list[pl.DataFrame]:
        """Versions without references, those whose `uses` or first date (`since`) change, and new ones.

        `moved`: whether the first date changes.
        """
        c = pl.col
        now = (
            after.lazy()
            .group_by("organization_key")
            .agg(pl.len().cast(pl.Int64).alias("more"), c("last_published").min().alias("first"))
        )
        then = (
            before.lazy()
            .group_by("organization_key")
            .agg(pl.len().cast(pl.Int64).alias("fewer"), c("last_published").min().alias("gone"))
        )
        both = now.join(then, on="organization_key", how="full", coalesce=True).sort("organization_key").collect()
        rows = both.lazy().join(
            self._known(both["organization_key"]).lazy(), on="organization_key", how="left", maintain_order="left"
        )
        # If the process that first stated a version may be gone, the bridge has the next one.
        lost = c("fewer").is_not_null() & (c("valid_from").is_null() | (c("gone") <= c("valid_from"))).fill_null(
            value=False
        )
        known = rows.with_columns(
            pl.sum_horizontal("known", "more", -c("fewer")).alias("uses"), lost.alias("lost")
        ).collect()
        firsts = self._firsts(known.filter("lost", c("uses") > 0)["organization_key"], process_keys)
        since = pl.min_horizontal(pl.when("lost").then(c("again")).otherwise(c("valid_from")), "first").alias("since")
        stated = (
            known.lazy()
            .join(firsts.lazy(), on="organization_key", how="left", maintain_order="left")
            .with_columns(since)
        )
        there = stated.filter(c("organization_id").is_not_null())
        gone, moved = (
            (c("uses") <= 0) & (c("organization_key") != UNKNOWN_ORGANIZATION),
            c("since").ne_missing(c("valid_from")),
        )
        dropped = there.filter(gone)
        changed = there.filter(~gone, moved | (c("uses") != c("known"))).with_columns(moved.alias("moved"))
        return pl.collect_all([dropped, changed, stated.filter(c("organization_id").is_null(), c("uses") > 0)])

    def _known(self, keys: Iterable[int]) -> pl.DataFrame:
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_key, dim.c.organization_id, dim.c.uses, dim.c.valid_from)
        return _frame(
            [
                row
                for part in chunks(keys)
                for row in self.connection.execute(query.where(self.among(dim.c.organization_key, part)))
            ],
            VERSION_COLUMNS,
        )

    def _firsts(self, keys: Iterable[int], process_keys: Sequence[int]) -> pl.DataFrame:
        """`organization_key` and `again`: when processes other than these first state each version, by the index."""
        dim, bridge = gold_table("dim_organization"), gold_table("bridge_process_organization")
        others = select(bridge.c.last_published).where(
            bridge.c.organization_key == dim.c.organization_key, bridge.c.last_published.is_not(None)
        )
        first = (
            others.where(bridge.c.process_key.not_in(process_keys))
            .order_by(bridge.c.last_published)
            .limit(1)
            .scalar_subquery()
        )
        query = select(dim.c.organization_key, first)
        rows = [
            row
            for part in chunks(keys)
            for row in self.connection.execute(query.where(self.among(dim.c.organization_key, part)))
        ]
        return _frame(rows, {"organization_key": pl.Int64, "again": INSTANT})


def _new_mentions(star: Star | None) -> OrganizationMentions:
    if star is None:
        return OrganizationMentions(pl.DataFrame(schema=BRIDGE), pl.DataFrame(schema=AWARDS))
    ids = star.organizations.select("organization_key", "organization_id")
    awards = star.facts["fact_award"].select("supplier_key", "buyer_key", "status_key", "amount_base")
    awards = awards.join(star.dimensions["dim_status"].select("status_key", "status"), on="status_key", how="left")
    for role in ("supplier", "buyer"):
        named = ids.rename({"organization_key": f"{role}_key", "organization_id": f"{role}_id"})
        awards = awards.join(named, on=f"{role}_key", how="left")
    return OrganizationMentions(star.bridge.select(list(BRIDGE)), awards.select(list(AWARDS)))


def _frame(rows: Sequence[Any], types: Columns) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=types, orient="row")
