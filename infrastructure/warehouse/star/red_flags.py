"""Red flags in gold: what they are computed from, and their rows. domain/red_flags computes them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, FromClause, Select, select, union

from domain.lake.silver import Columns
from domain.red_flags.inputs import AWARDS, BIDS, CONTEXT, ITEMS, PROCESSES, Inputs, clean_inputs
from domain.red_flags.refresh import STORED
from domain.red_flags.star import VERSIONS
from infrastructure.warehouse.repository import Repository, as_frame
from infrastructure.warehouse.star.gold_tables import gold_table

PAGE_ROWS = 50_000  # in a frame


class RedFlagRepository(Repository):
    """The tables fact_red_flag and dim_indicator, and the columns of other facts that indicators read."""

    def inputs(self, process_keys: Sequence[int] | None = None) -> Inputs:
        """The inputs of these processes; without keys, of all that have bids or awards with items."""
        return clean_inputs(
            self._read(_processes(), PROCESSES | CONTEXT, "fact_process", process_keys),
            self._read(_bids(), BIDS, "fact_bid", process_keys),
            self._read(_awards(), AWARDS, "fact_award", process_keys),
            self._read(_items(), ITEMS, "fact_item", process_keys),
        )

    def stored(self, process_keys: Sequence[int] | None = None) -> pl.DataFrame:
        """The flags (STORED) that follow from the data of these processes alone; without keys, those that compare all
        data."""
        flag = gold_table("fact_red_flag")
        query = select(*[flag.c[name] for name in STORED])
        if process_keys is None:
            return self._pages(query.where(flag.c.compares_all), STORED)
        return self.read_frame(query.where(~flag.c.compares_all), STORED, (flag.c.process_key, process_keys))

    def versions(self, process_keys: Iterable[int], organization_ids: Iterable[str]) -> pl.DataFrame:
        """The versions (VERSIONS) of organisations in these processes, and the current ones of these organisations."""
        bridge, dim = gold_table("bridge_process_organization"), gold_table("dim_organization")
        columns = [bridge.c[name] for name in VERSIONS]
        in_processes = self.read_frame(select(*columns), VERSIONS, (bridge.c.process_key, process_keys))
        current = self.read_frame(
            select(dim.c.organization_id, dim.c.organization_key).where(dim.c.is_current),
            {name: VERSIONS[name] for name in ("organization_id", "organization_key")},
            (dim.c.organization_id, organization_ids),
        )
        return pl.concat([in_processes, current.sort("organization_key")], how="diagonal")

    def identities(self) -> pl.DataFrame:
        """The organisations that matching takes for another one: organization_id, identity."""
        dim = gold_table("dim_organization")
        types: Columns = {"organization_id": pl.String, "identity": pl.String}
        if "identity" not in dim.c:
            return pl.DataFrame(schema=types)
        query = select(dim.c.organization_id, dim.c.identity).where(dim.c.identity != dim.c.organization_id)
        return self.read_frame(query.distinct(), types)

    def replace(self, keys: Iterable[int], rows: pl.DataFrame) -> None:
        """Delete the flags with these keys, and insert the rows."""
        flag = gold_table("fact_red_flag")
        self.delete_among(flag.c.red_flag_key, keys)
        self.insert_frame(flag, rows)

    def thresholds(self) -> dict[str, Any]:
        """The thresholds that each indicator was last computed with, by code."""
        dim = gold_table("dim_indicator")
        return {row.code: row.thresholds for row in self.connection.execute(select(dim.c.code, dim.c.thresholds))}

    def write_indicators(self, rows: Sequence[dict[str, Any]], updated_at: datetime) -> None:
        """Insert or update the rows of dim_indicator."""
        dated_rows = [row | {"updated_at": updated_at} for row in rows]
        self.upsert(gold_table("dim_indicator"), dated_rows, ["indicator_key"])

    def _read(self, query: Select[Any], types: Columns, fact: str, process_keys: Sequence[int] | None) -> pl.DataFrame:
        key = gold_table(fact).c.process_key
        if process_keys is not None:
            return self.read_frame(query, types, (key, process_keys))
        return self._pages(query.where(key.in_(_comparable())) if fact != "fact_bid" else query, types)

    def _pages(self, query: Select[Any], types: Columns) -> pl.DataFrame:
        """The rows of a large query, as a frame page by page: rows of Python take ten times the memory."""
        result = self.connection.execute(query, execution_options={"yield_per": PAGE_ROWS})
        return pl.concat([pl.DataFrame(schema=types), *(as_frame(page, types) for page in result.partitions())])


def _comparable() -> Select[Any]:
    bid, item = gold_table("fact_bid"), gold_table("fact_item")
    items = select(item.c.process_key).where(item.c.level == "award")
    return select(union(select(bid.c.process_key), items).subquery().c.process_key)


def _processes() -> Select[Any]:
    fact = gold_table("fact_process")
    status, procedure, source = (gold_table(f"dim_{name}") for name in ("status", "procedure", "source"))
    buyer, procuring_entity = _organization("buyer"), _organization("procuring_entity")
    columns: list[ColumnElement[Any]] = [
        fact.c.process_key,
        fact.c.ocid,
        source.c.prefix,
        status.c.status,
        procedure.c.method,
        procedure.c.details,
        fact.c.tender_start,
        fact.c.tender_end,
        fact.c.number_of_tenderers,
        buyer.c.organization_id,
        procuring_entity.c.organization_id,
        *[fact.c[name] for name in CONTEXT],
    ]
    joined = fact.outerjoin(status, status.c.status_key == fact.c.status_key)
    joined = joined.outerjoin(procedure, procedure.c.procedure_key == fact.c.procedure_key)
    joined = joined.outerjoin(source, source.c.source_key == fact.c.source_key)
    joined = joined.outerjoin(buyer, buyer.c.organization_key == fact.c.buyer_key)
    joined = joined.outerjoin(procuring_entity, procuring_entity.c.organization_key == fact.c.procuring_entity_key)
    return select(*columns).select_from(joined)


def _bids() -> Select[Any]:
    fact, status, currency = gold_table("fact_bid"), gold_table("dim_status"), gold_table("dim_currency")
    tenderer = _organization("tenderer")
    columns: list[ColumnElement[Any]] = [fact.c.process_key, fact.c.bid_key, fact.c.position]
    columns += [status.c.status, fact.c.bid_date]
    columns += [fact.c.bid_amount, currency.c.code, tenderer.c.organization_id]
    joined = fact.outerjoin(status, status.c.status_key == fact.c.status_key)
    joined = joined.outerjoin(currency, currency.c.currency_key == fact.c.currency_key)
    joined = joined.outerjoin(tenderer, tenderer.c.organization_key == fact.c.tenderer_key)
    return select(*columns).select_from(joined)


def _awards() -> Select[Any]:
    fact, status, supplier = gold_table("fact_award"), gold_table("dim_status"), _organization("supplier")
    columns: list[ColumnElement[Any]] = [
        fact.c.process_key,
        fact.c.award_key,
        fact.c.position,
        status.c.status,
        supplier.c.organization_id,
    ]
    joined = fact.outerjoin(status, status.c.status_key == fact.c.status_key)
    joined = joined.outerjoin(supplier, supplier.c.organization_key == fact.c.supplier_key)
    return select(*columns).select_from(joined)


def _items() -> Select[Any]:
    fact, classification = gold_table("fact_item"), gold_table("dim_classification")
    columns = [fact.c.process_key, fact.c.item_key, fact.c.parent_position, classification.c.code]
    joined = fact.outerjoin(classification, classification.c.classification_key == fact.c.classification_key)
    return select(*columns).select_from(joined).where(fact.c.level == "award")


def _organization(role: str) -> FromClause:
    return gold_table("dim_organization").alias(role)
