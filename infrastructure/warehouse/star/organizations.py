"""Organisations in the star: queries and writes of their versions, mentions and totals.

domain/star/organization_history.py and organization_totals.py compute what is written.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Select, select, union

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns
from domain.star.organization_history import FIRST_MENTIONS, MENTIONS, VERSIONS, VersionChanges
from domain.star.organization_totals import AWARDS, TOTALS
from infrastructure.warehouse.repository import Repository, as_frame, dated
from infrastructure.warehouse.star.gold_tables import gold_table

PAGE_AWARDS = 50_000  # award rows in a frame


class OrganizationRepository(Repository):
    """The tables dim_organization, organization_total and touched_organization."""

    def ids(self) -> list[str]:
        """The ids of all organisations, in order."""
        names = ("dim_organization", "bridge_process_organization", "organization_total")
        ids = union(*[select(gold_table(name).c.organization_id) for name in names])
        return sorted(self.connection.execute(ids).scalars())

    def ids_of_versions(self, keys: Iterable[int]) -> set[str]:
        """The ids of the organisations that have these versions."""
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_id)
        return set(self.read_frame(query, {"id": pl.String}, (dim.c.organization_key, keys))["id"])

    def versions(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """All versions (VERSIONS) of these organisations."""
        dim = gold_table("dim_organization")
        return self.read_frame(
            _columns("dim_organization", VERSIONS), VERSIONS, (dim.c.organization_id, organization_ids)
        )

    def mentions(self, process_keys: Iterable[int]) -> pl.DataFrame:
        """The mentions (MENTIONS) by these processes."""
        bridge = gold_table("bridge_process_organization")
        return self.read_frame(_columns(bridge.name, MENTIONS), MENTIONS, (bridge.c.process_key, process_keys))

    def mentions_of(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """The mentions (MENTIONS) of these organisations."""
        bridge = gold_table("bridge_process_organization")
        return self.read_frame(_columns(bridge.name, MENTIONS), MENTIONS, (bridge.c.organization_id, organization_ids))

    def first_mentions(self, keys: Iterable[int], process_keys: Iterable[int]) -> pl.DataFrame:
        """When processes other than these first mention each version (FIRST_MENTIONS), by the index."""
        dim, bridge = gold_table("dim_organization"), gold_table("bridge_process_organization")
        others = select(bridge.c.last_published).where(
            bridge.c.organization_key == dim.c.organization_key,
            bridge.c.last_published.is_not(None),
            ~self.among(bridge.c.process_key, process_keys),
        )
        first = others.order_by(bridge.c.last_published).limit(1).scalar_subquery()
        return self.read_frame(select(dim.c.organization_key, first), FIRST_MENTIONS, (dim.c.organization_key, keys))

    def awards(self, process_keys: Iterable[int]) -> pl.DataFrame:
        """The award rows (AWARDS) of these processes."""
        return self.read_frame(_awards(), AWARDS, (gold_table("fact_award").c.process_key, process_keys))

    def awards_by_key(self, award_keys: Iterable[int]) -> pl.DataFrame:
        """These award rows (AWARDS), with their `key`."""
        key = gold_table("fact_award").c.award_key
        return self.read_frame(_awards().add_columns(key), {**AWARDS, "key": pl.Int64}, (key, award_keys))

    def award_pages(self) -> Iterator[pl.DataFrame]:
        """All award rows (AWARDS), in pages."""
        result = self.connection.execute(_awards(), execution_options={"yield_per": PAGE_AWARDS})
        return (as_frame(page, AWARDS) for page in result.partitions())

    def totals(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """The totals (TOTALS) of these organisations."""
        total = gold_table("organization_total")
        return self.read_frame(_columns(total.name, TOTALS), TOTALS, (total.c.organization_id, organization_ids))

    def write_versions(self, changes: VersionChanges, updated_at: datetime) -> None:
        """Write changes of versions."""
        dim = gold_table("dim_organization")
        self.delete_among(dim.c.organization_key, changes.deleted)
        self.update_frame(dim, dated(changes.changed, updated_at), "organization_key")
        self.insert_frame(dim, dated(changes.added, updated_at))

    def replace_totals(self, organization_ids: Iterable[str], totals: pl.DataFrame) -> None:
        """Replace the totals of these organisations."""
        total = gold_table("organization_total")
        self.delete_among(total.c.organization_id, organization_ids)
        self.insert_frame(total, totals)

    def mark_touched(self, organization_ids: Iterable[str], silver_batch: int, updated_at: datetime) -> None:
        """Mark the organisations for the index stage, with this silver batch."""
        ids = sorted(set(organization_ids) - {UNKNOWN})
        rows = pl.DataFrame({"organization_id": ids}, schema={"organization_id": pl.String})
        rows = dated(rows.with_columns(pl.lit(silver_batch, dtype=pl.Int64).alias("silver_batch")), updated_at)
        changing = ["silver_batch", "updated_at"]
        self.put_frame(gold_table("touched_organization"), rows, ["organization_id"], changing)

    def mark_touched_again(self, organization_ids: Iterable[str], silver_batch: int, updated_at: datetime) -> None:
        """Mark the organisations for the index stage, unless a later silver batch has marked them."""
        ids, touched = set(organization_ids), gold_table("touched_organization")
        later = self.read_frame(
            select(touched.c.organization_id).where(touched.c.silver_batch > silver_batch),
            {"id": pl.String},
            (touched.c.organization_id, ids),
        )
        self.mark_touched(ids - set(later["id"]), silver_batch, updated_at)


def _columns(name: str, types: Columns) -> Select[Any]:
    return select(*[gold_table(name).c[column] for column in types])


def _awards() -> Select[Any]:
    award, dim, status = gold_table("fact_award"), gold_table("dim_organization"), gold_table("dim_status")
    supplier, buyer = dim.alias(), dim.alias()
    columns = [supplier.c.organization_id, buyer.c.organization_id, status.c.status, award.c.amount_base]
    joined = award.outerjoin(supplier, supplier.c.organization_key == award.c.supplier_key)
    joined = joined.outerjoin(status, status.c.status_key == award.c.status_key)
    return select(*columns).select_from(joined.outerjoin(buyer, buyer.c.organization_key == award.c.buyer_key))
