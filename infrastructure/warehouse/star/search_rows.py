"""Gold rows of search documents as frames: one query per table for a slice of processes, organisations or files."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, FromClause, Integer, Select, case, func, select
from sqlalchemy.sql.type_api import TypeEngine

from domain.organizations.totals import identity_totals
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
TOUCHED = "touched_organization"


class SearchRowReader(Repository):
    """Queries on the star for the index stage."""

    def processes(self, ocids: Sequence[str]) -> ProcessFrames:
        """The rows of the existing processes, with their awards, items and parties in order."""
        keys = [surrogate_key(ocid) for ocid in ocids]
        return ProcessFrames(self._processes(keys), self._awards(keys), self._items(keys), self._parties(keys))

    def organizations(self, identities: Sequence[str]) -> OrganizationFrames:
        """The versions of the existing organisations with these identities, and their totals by role.

        Those of the organisation that gives the identity are first, of each the current one first.
        """
        dim, total, touched = (gold_table(name) for name in ("dim_organization", "organization_total", TOUCHED))
        bridge = gold_table("bridge_process_organization")
        names = ("name", "legal_name", "scheme", "identifier", "country", "region", "locality")
        of_identities = self.among(dim.c.identity, identities)
        columns = [
            dim.c.organization_key,
            dim.c.organization_id.label("member_id"),
            dim.c.identity.label("organization_id"),
            touched.c.updated_at,
        ]
        versions = self._frame(
            select(*columns, *(dim.c[name] for name in names))
            .outerjoin_from(dim, touched, touched.c.organization_id == dim.c.organization_id)
            .where(of_identities)
            .order_by(
                dim.c.identity,
                dim.c.organization_id != dim.c.identity,
                dim.c.organization_id,
                dim.c.is_current.desc(),
                dim.c.organization_key,
            )
        )
        members = versions.select("member_id", "organization_id").unique()
        own = self._frame(select(total).where(self.among(total.c.organization_id, members["member_id"])))
        joined = members.filter(pl.col("member_id").len().over("organization_id") > 1)
        keys = versions.join(joined, on="member_id", how="semi")["organization_key"]
        mentions = select(bridge.c.organization_id, bridge.c.process_key, bridge.c.role)
        of_joined = self._frame(mentions.where(self.among(bridge.c.organization_key, keys)))
        shown = versions.drop("member_id", "organization_key")
        return OrganizationFrames(shown, identity_totals(own, members, of_joined))

    def files(self, record_ids: Sequence[str]) -> pl.DataFrame:
        """The rows of these document files, with those of their processes."""
        file, process = gold_table("fact_document"), gold_table("fact_process")
        names = ("record_id", "silver_batch", "title", "filename", "ocid", "state")
        columns = [*(file.c[name] for name in names), process.c.title.label("process_title"), *_buyer_and_source()]
        earlier = process.c.updated_at.is_(None) | (process.c.updated_at < file.c.updated_at)
        columns.append(case((earlier, file.c.updated_at), else_=process.c.updated_at).label("updated_at"))
        joined = file.outerjoin(process, process.c.process_key == file.c.process_key)
        query = select(*columns, process.c.last_published.label("published"))
        query = query.select_from(_with_dimensions(joined, process, "organization buyer", "source"))
        return self._frame(query.where(self.among(file.c.record_id, record_ids)).order_by(file.c.record_id))

    def touched_organizations(self, after: int, upto: int) -> list[str]:
        """Ids of organisations that silver batches in (after, upto] changed, deleted ones included."""
        touched = gold_table(TOUCHED)
        query = select(touched.c.organization_id).where(touched.c.silver_batch > after, touched.c.silver_batch <= upto)
        return sorted(self.connection.execute(query).scalars())

    def touched_identities(self, after: int, upto: int) -> list[str]:
        """The same, and the identities of these organisations: the ids of search documents that may have changed."""
        touched, dim = gold_table(TOUCHED), gold_table("dim_organization")
        query = select(touched.c.organization_id, dim.c.identity).where(
            touched.c.silver_batch > after, touched.c.silver_batch <= upto
        )
        joined = touched.outerjoin(dim, dim.c.organization_id == touched.c.organization_id)
        rows = self.connection.execute(query.select_from(joined).distinct()).all()
        return sorted({one for row in rows for one in row if one is not None})

    def ocids(self, after: str, limit: int) -> list[str]:
        """The next ocids after `after`, in order."""
        process = gold_table("fact_process")
        query = select(process.c.ocid).where(process.c.ocid > after).order_by(process.c.ocid).limit(limit)
        return list(self.connection.execute(query).scalars())

    def organization_ids(self, after: str, limit: int) -> list[str]:
        """The next identities of organisations after `after`, in order, without the unknown organisation."""
        dim = gold_table("dim_organization")
        query = select(dim.c.identity).where(dim.c.identity > after, dim.c.uses > 0).distinct()
        return list(self.connection.execute(query.order_by(dim.c.identity).limit(limit)).scalars())

    def count_processes(self) -> int:
        """The number of processes that search should hold."""
        return int(self.connection.execute(select(func.count()).select_from(gold_table("fact_process"))).scalar_one())

    def count_organizations(self) -> int:
        """The number of organisations that search should hold."""
        dim = gold_table("dim_organization")
        query = select(func.count(dim.c.identity.distinct())).where(dim.c.uses > 0)
        return int(self.connection.execute(query).scalar_one())

    def _processes(self, keys: Iterable[int]) -> pl.DataFrame:
        fact, procedure, status = gold_table("fact_process"), gold_table("dim_procedure"), gold_table("dim_status")
        currency = gold_table("dim_currency")
        names = ("process_key", "ocid", "title", "description", "amount", "first_published", "last_published")
        columns = [*(fact.c[name] for name in (*names, "tender_end", "updated_at")), *_buyer_and_source()]
        columns += _class_and_place()
        columns += [procedure.c.method, procedure.c.category, status.c.status, currency.c.code.label("currency")]
        dimensions = ("organization buyer", "source", "procedure", "status", "location", "currency", "classification")
        query = select(*columns).select_from(_with_dimensions(fact, fact, *dimensions))
        return self._frame(query.where(self.among(fact.c.process_key, keys)))

    def _awards(self, keys: Iterable[int]) -> pl.DataFrame:
        fact, supplier, status = gold_table("fact_award"), gold_table("dim_organization"), gold_table("dim_status")
        columns: list[ColumnElement[Any]] = [fact.c.process_key, fact.c.title, fact.c.description, status.c.status]
        columns += [supplier.c.name.label("supplier"), supplier.c.organization_id.label("supplier_id")]
        query = select(*columns).select_from(_with_dimensions(fact, fact, "organization supplier", "status"))
        order = fact.c.process_key, fact.c.position, fact.c.award_key
        return self._frame(query.where(self.among(fact.c.process_key, keys)).order_by(*order))

    def _items(self, keys: Iterable[int]) -> pl.DataFrame:
        fact = gold_table("fact_item")
        columns = [fact.c.process_key, fact.c.description, fact.c.codes, *_class_and_place()]
        query = select(*columns).select_from(_with_dimensions(fact, fact, "classification", "location"))
        order = fact.c.process_key, fact.c.level, fact.c.parent_position, fact.c.position, fact.c.item_key
        return self._frame(query.where(self.among(fact.c.process_key, keys)).order_by(*order))

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


def _buyer_and_source() -> list[ColumnElement[Any]]:
    buyer, source = gold_table("dim_organization"), gold_table("dim_source")
    publisher = func.coalesce(source.c.publisher, source.c.prefix)
    return [buyer.c.name.label("buyer"), buyer.c.organization_id.label("buyer_id"), publisher.label("source")]


def _class_and_place() -> list[ColumnElement[Any]]:
    code, place = gold_table("dim_classification"), gold_table("dim_location")
    return [code.c.code, code.c.description.label("classification"), place.c.country, place.c.region]


def _with_dimensions(joined: FromClause, fact: FromClause, *dimensions: str) -> FromClause:
    """The rows with those of dimensions, by the fact's keys; "organization buyer" is the dimension and its role."""
    for dimension in dimensions:
        name, role = dimension.split()[0], dimension.split()[-1]
        table = gold_table(f"dim_{name}")
        joined = joined.outerjoin(table, table.c[f"{name}_key"] == fact.c[f"{role}_key"])
    return joined


def _polars_type(column: TypeEngine[Any]) -> Any:
    return next((found for kinds, found in POLARS_TYPES if isinstance(column, kinds)), pl.String)
