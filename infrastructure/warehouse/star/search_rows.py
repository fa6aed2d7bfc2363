"""Reads gold rows for search documents, with a few queries per slice of processes or organisations."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, func, select

from domain.shared.surrogate_keys import surrogate_key
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.gold_tables import gold_table

Row = dict[str, Any]
Columns = dict[str, Sequence[Any]]  # columns of the rows of one process, in order


class SearchRowReader(Repository):
    """Queries on the star for the index stage."""

    def processes(self, ocids: Sequence[str]) -> Iterator[Row]:
        """{process, awards, items, parties} of each existing process, by ocid: its row, and the columns of its child
        rows.
        """
        keys = [surrogate_key(ocid) for ocid in ocids]
        awards, items, parties = self._awards(keys), self._items(keys), self._parties(keys)
        for row in sorted(self._processes(keys), key=lambda row: str(row["ocid"])):
            key = row["process_key"]
            yield {"process": row, "awards": awards[key], "items": items[key], "parties": parties[key]}

    def organizations(self, organization_ids: Sequence[str]) -> Iterator[Row]:
        """{versions, totals by role} of each existing organisation, the current version first."""
        dim, total = gold_table("dim_organization"), gold_table("organization_total")
        versions: dict[str, list[Row]] = defaultdict(list)
        totals: dict[str, dict[str, Row]] = defaultdict(dict)
        for part in chunks(organization_ids):
            query = (
                select(dim)
                .where(self.among(dim.c.organization_id, part))
                .order_by(dim.c.organization_id, dim.c.is_current.desc(), dim.c.organization_key)
            )
            for row in self._rows(query):
                versions[row["organization_id"]].append(row)
            for row in self._rows(select(total).where(self.among(total.c.organization_id, part))):
                totals[row["organization_id"]][row["role"]] = row
        for name, rows in sorted(versions.items()):
            yield {"versions": rows, "totals": totals[name]}

    def touched_organizations(self, after: int, upto: int) -> list[str]:
        """Ids of organisations that silver batches in (after, upto] changed, deleted ones included."""
        touched = gold_table("touched_organization")
        query = select(touched.c.organization_id).where(touched.c.silver_batch > after, touched.c.silver_batch <= upto)
        return sorted(self.connection.execute(query).scalars())

    def ocids(self, after: str, limit: int) -> list[str]:
        """The next ocids after `after`, in order."""
        process = gold_table("fact_process")
        return list(
            self.connection.execute(
                select(process.c.ocid).where(process.c.ocid > after).order_by(process.c.ocid).limit(limit)
            ).scalars()
        )

    def organization_ids(self, after: str, limit: int) -> list[str]:
        """The next organisation ids after `after`, in order, without the unknown organisation."""
        dim = gold_table("dim_organization")
        query = (
            select(dim.c.organization_id)
            .where(dim.c.organization_id > after, dim.c.uses > 0)
            .distinct()
            .order_by(dim.c.organization_id)
            .limit(limit)
        )
        return list(self.connection.execute(query).scalars())

    def count_processes(self) -> int:
        """The number of processes that search should hold."""
        return int(self.connection.execute(select(func.count()).select_from(gold_table("fact_process"))).scalar_one())

    def count_organizations(self) -> int:
        """The number of organisations that search should hold."""
        dim = gold_table("dim_organization")
        return int(
            self.connection.execute(
                select(func.count(dim.c.organization_id.distinct())).where(dim.c.uses > 0)
            ).scalar_one()
        )

    def _processes(self, keys: Iterable[int]) -> list[Row]:
        fact, buyer = gold_table("fact_process"), gold_table("dim_organization")
        source, procedure, status = gold_table("dim_source"), gold_table("dim_procedure"), gold_table("dim_status")
        code, place, currency = gold_table("dim_classification"), gold_table("dim_location"), gold_table("dim_currency")
        columns: list[ColumnElement[Any]] = [
            fact.c[name]
            for name in (
                "process_key",
                "ocid",
                "title",
                "description",
                "amount",
                "first_published",
                "last_published",
                "tender_end",
            )
        ]
        columns += [
            buyer.c.name.label("buyer"),
            buyer.c.organization_id.label("buyer_id"),
            func.coalesce(source.c.publisher, source.c.prefix).label("source"),
        ]
        columns += [
            procedure.c.method,
            procedure.c.category,
            status.c.status,
            currency.c.code.label("currency"),
            place.c.country,
            place.c.region,
        ]
        columns += [code.c.code, code.c.description.label("classification")]
        joined = fact.outerjoin(buyer, buyer.c.organization_key == fact.c.buyer_key)
        joined = joined.outerjoin(source, source.c.source_key == fact.c.source_key).outerjoin(
            procedure, procedure.c.procedure_key == fact.c.procedure_key
        )
        joined = joined.outerjoin(status, status.c.status_key == fact.c.status_key).outerjoin(
            place, place.c.location_key == fact.c.location_key
        )
        joined = joined.outerjoin(currency, currency.c.currency_key == fact.c.currency_key)
        joined = joined.outerjoin(code, code.c.classification_key == fact.c.classification_key)
        rows: list[Row] = []
        for part in chunks(keys):
            rows += self._rows(select(*columns).select_from(joined).where(self.among(fact.c.process_key, part)))
        return rows

    def _awards(self, keys: Iterable[int]) -> dict[int, Columns]:
        fact, supplier, status = gold_table("fact_award"), gold_table("dim_organization"), gold_table("dim_status")
        columns = [
            fact.c.process_key,
            fact.c.title,
            fact.c.description,
            supplier.c.name.label("supplier"),
            supplier.c.organization_id.label("supplier_id"),
        ]
        joined = fact.outerjoin(supplier, supplier.c.organization_key == fact.c.supplier_key)
        query = select(*columns, status.c.status).select_from(
            joined.outerjoin(status, status.c.status_key == fact.c.status_key)
        )
        return self._grouped(query, fact, [fact.c.position, fact.c.award_key], keys)

    def _items(self, keys: Iterable[int]) -> dict[int, Columns]:
        fact, code, place = gold_table("fact_item"), gold_table("dim_classification"), gold_table("dim_location")
        columns = [
            fact.c.process_key,
            fact.c.description,
            fact.c.codes,
            code.c.code,
            code.c.description.label("classification"),
            place.c.country,
            place.c.region,
        ]
        joined = fact.outerjoin(code, code.c.classification_key == fact.c.classification_key)
        query = select(*columns).select_from(joined.outerjoin(place, place.c.location_key == fact.c.location_key))
        return self._grouped(
            query, fact, [fact.c.level, fact.c.parent_position, fact.c.position, fact.c.item_key], keys
        )

    def _parties(self, keys: Iterable[int]) -> dict[int, Columns]:
        bridge, dim = gold_table("bridge_process_organization"), gold_table("dim_organization")
        joined = bridge.join(dim, dim.c.organization_key == bridge.c.organization_key)
        query = select(bridge.c.process_key, dim.c.name).select_from(joined)
        return self._grouped(query, bridge, [dim.c.name, bridge.c.organization_key], keys)

    def _grouped(self, query: Any, fact: Any, order: Sequence[Any], keys: Iterable[int]) -> dict[int, Columns]:
        """The columns of each process's rows by its key, the first column of the query; empty for processes without
        rows.
        """
        names = list(query.selected_columns.keys())
        found: dict[int, Columns] = defaultdict(lambda: dict.fromkeys(names, ()))
        for part in chunks(keys):
            rows = self.connection.execute(
                query.where(self.among(fact.c.process_key, part)).order_by(fact.c.process_key, *order)
            ).all()
            for key, group in groupby(rows, itemgetter(0)):
                found[key] = dict(zip(names, zip(*group, strict=True), strict=True))
        return found

    def _rows(self, query: Any) -> list[Row]:
        """The rows as dictionaries, faster than SQLAlchemy's mappings."""
        result = self.connection.execute(query)
        names = list(result.keys())
        return [dict(zip(names, row, strict=True)) for row in result.all()]
