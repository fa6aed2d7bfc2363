"""Gold rows of search documents as frames: one query per table for a slice of processes, organisations or files."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Boolean, Double, FromClause, Integer, Select, func, select
from sqlalchemy.sql.type_api import TypeEngine

from domain.search.search_documents import OrganizationFrames, ProcessFrames
from domain.shared.surrogate_keys import surrogate_key
from infrastructure.warehouse.column_types import Instant, Money
from infrastructure.warehouse.repository import Repository
from infrastructure.warehouse.star.gold_tables import gold_table

POLARS_TYPES: tuple[tuple[tuple[type[TypeEngine[Any]], ...], Any], ...] = (
    ((Instant,), pl.Datetime("us", "UTC")),
    ((Money, Double), pl.Float64),
    ((Boolean,), pl.Boolean),
    ((BigInteger, Integer), pl.Int64),
)


class SearchRowReader(Repository):
    """Queries on the star for the index stage."""

    def processes(self, ocids: Sequence[str]) -> ProcessFrames:
        """The rows of the existing processes, with their awards, items and parties in order."""
        keys = [surrogate_key(ocid) for ocid in ocids]
        return ProcessFrames(self._processes(keys), self._awards(keys), self._items(keys), self._parties(keys))

    def organizations(self, organization_ids: Sequence[str]) -> OrganizationFrames:
        """The versions of the existing organisations, the current one first, and their totals by role."""
        dim, total = gold_table("dim_organization"), gold_table("organization_total")
        names = ("organization_id", "name", "legal_name", "scheme", "identifier", "country", "region", "locality")
        versions = select(*(dim.c[name] for name in names)).where(self.among(dim.c.organization_id, organization_ids))
        totals = select(total).where(self.among(total.c.organization_id, organization_ids))
        order = dim.c.organization_id, dim.c.is_current.desc(), dim.c.organization_key
        return OrganizationFrames(self._frame(versions.order_by(*order)), self._frame(totals))

    def files(self, record_ids: Sequence[str]) -> pl.DataFrame:
        """The rows of these document files, with those of their processes."""
        file, process = gold_table("fact_document"), gold_table("fact_process")
        buyer, source = gold_table("dim_organization"), gold_table("dim_source")
        names = ("record_id", "silver_batch", "title", "filename", "ocid", "state")
        joined = file.outerjoin(process, process.c.process_key == file.c.process_key)
        query = select(
            *(file.c[name] for name in names),
            process.c.title.label("process_title"),
            process.c.last_published.label("published"),
            buyer.c.name.label("buyer"),
            buyer.c.organization_id.label("buyer_id"),
            func.coalesce(source.c.publisher, source.c.prefix).label("source"),
        ).select_from(
            joined.outerjoin(buyer, buyer.c.organization_key == process.c.buyer_key).outerjoin(
                source, source.c.source_key == process.c.source_key
            )
        )
        return self._frame(query.where(self.among(file.c.record_id, record_ids)).order_by(file.c.record_id))

    def touched_organizations(self, after: int, upto: int) -> list[str]:
        """Ids of organisations that silver batches in (after, upto] changed, deleted ones included."""
        touched = gold_table("touched_organization")
        query = select(touched.c.organization_id).where(touched.c.silver_batch > after, touched.c.silver_batch <= upto)
        return sorted(self.connection.execute(query).scalars())

    def ocids(self, after: str, limit: int) -> list[str]:
        """The next ocids after `after`, in order."""
        process = gold_table("fact_process")
        query = select(process.c.ocid).where(process.c.ocid > after).order_by(process.c.ocid).limit(limit)
        return list(self.connection.execute(query).scalars())

    def organization_ids(self, after: str, limit: int) -> list[str]:
        """The next organisation ids after `after`, in order, without the unknown organisation."""
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_id).where(dim.c.organization_id > after, dim.c.uses > 0).distinct()
        return list(self.connection.execute(query.order_by(dim.c.organization_id).limit(limit)).scalars())

    def count_processes(self) -> int:
        """The number of processes that search should hold."""
        return int(self.connection.execute(select(func.count()).select_from(gold_table("fact_process"))).scalar_one())

    def count_organizations(self) -> int:
        """The number of organisations that search should hold."""
        dim = gold_table("dim_organization")
        query = select(func.count(dim.c.organization_id.distinct())).where(dim.c.uses > 0)
        return int(self.connection.execute(query).scalar_one())

    def _processes(self, keys: Iterable[int]) -> pl.DataFrame:
        fact, buyer = gold_table("fact_process"), gold_table("dim_organization")
        source, procedure, status = gold_table("dim_source"), gold_table("dim_procedure"), gold_table("dim_status")
        code, place, currency = gold_table("dim_classification"), gold_table("dim_location"), gold_table("dim_currency")
        names = ("process_key", "ocid", "title", "description", "amount", "first_published", "last_published")
        query = select(
            *(fact.c[name] for name in (*names, "tender_end")),
            buyer.c.name.label("buyer"),
            buyer.c.organization_id.label("buyer_id"),
            func.coalesce(source.c.publisher, source.c.prefix).label("source"),
            procedure.c.method,
            procedure.c.category,
            status.c.status,
            currency.c.code.label("currency"),
            place.c.country,
            place.c.region,
            code.c.code,
            code.c.description.label("classification"),
        )
        joined: FromClause = fact
        for dimension, key, of in (
            (buyer, "organization_key", "buyer_key"),
            (source, "source_key", "source_key"),
            (procedure, "procedure_key", "procedure_key"),
            (status, "status_key", "status_key"),
            (place, "location_key", "location_key"),
            (currency, "currency_key", "currency_key"),
            (code, "classification_key", "classification_key"),
        ):
            joined = joined.outerjoin(dimension, dimension.c[key] == fact.c[of])
        return self._frame(query.select_from(joined).where(self.among(fact.c.process_key, keys)))

    def _awards(self, keys: Iterable[int]) -> pl.DataFrame:
        fact, supplier, status = gold_table("fact_award"), gold_table("dim_organization"), gold_table("dim_status")
        columns = (
            fact.c.process_key,
            fact.c.title,
            fact.c.description,
            supplier.c.name.label("supplier"),
            supplier.c.organization_id.label("supplier_id"),
            status.c.status,
        )
        joined = fact.outerjoin(supplier, supplier.c.organization_key == fact.c.supplier_key).outerjoin(
            status, status.c.status_key == fact.c.status_key
        )
        query = select(*columns).select_from(joined).where(self.among(fact.c.process_key, keys))
        return self._frame(query.order_by(fact.c.process_key, fact.c.position, fact.c.award_key))

    def _items(self, keys: Iterable[int]) -> pl.DataFrame:
        fact, code, place = gold_table("fact_item"), gold_table("dim_classification"), gold_table("dim_location")
        columns = (
            fact.c.process_key,
            fact.c.description,
            fact.c.codes,
            code.c.code,
            code.c.description.label("classification"),
            place.c.country,
            place.c.region,
        )
        joined = fact.outerjoin(code, code.c.classification_key == fact.c.classification_key).outerjoin(
            place, place.c.location_key == fact.c.location_key
        )
        query = select(*columns).select_from(joined).where(self.among(fact.c.process_key, keys))
        order = fact.c.process_key, fact.c.level, fact.c.parent_position, fact.c.position, fact.c.item_key
        return self._frame(query.order_by(*order))

    def _parties(self, keys: Iterable[int]) -> pl.DataFrame:
        bridge, dim = gold_table("bridge_process_organization"), gold_table("dim_organization")
        joined = bridge.join(dim, dim.c.organization_key == bridge.c.organization_key)
        query = select(bridge.c.process_key, dim.c.name).select_from(joined)
        order = bridge.c.process_key, dim.c.name, bridge.c.organization_key
        return self._frame(query.where(self.among(bridge.c.process_key, keys)).order_by(*order))

    def _frame(self, query: Select[Any]) -> pl.DataFrame:
        schema = {name: _polars_type(column.type) for name, column in query.selected_columns.items()}
        rows = [tuple(row) for row in self.connection.execute(query)]
        return pl.DataFrame(rows, schema=schema, orient="row")


def _polars_type(column: TypeEngine[Any]) -> Any:
    return next((found for kinds, found in POLARS_TYPES if isinstance(column, kinds)), pl.String)
