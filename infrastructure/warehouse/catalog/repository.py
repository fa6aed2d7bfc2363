"""The tables of the warehouse that clients read, as their classes declare them."""

from datetime import datetime
from inspect import cleandoc

from sqlalchemy import Table, func, select
from sqlmodel import SQLModel
from sqlmodel.main import default_registry

from domain.catalog.entries import StoredColumn, StoredTable
from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.ledger.tables import StageRunRow
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.star.gold_tables import star_tables
from infrastructure.warehouse.star.readable_fields import kind_of

RUN = table(StageRunRow)


class CatalogRepository(Repository):
    """Descriptions and sizes of the tables of star and marts."""

    def tables(self) -> dict[str, StoredTable]:
        """The tables of the star and the marts."""
        texts = {
            str(mapper.persist_selectable): cleandoc(mapper.class_.__doc__ or "") for mapper in default_registry.mappers
        }
        return {name: _stored(SQLModel.metadata.tables[name], texts.get(name, "")) for name in star_tables()}

    def count(self, name: str) -> int:
        """The number of rows of a table of `tables`."""
        return int(
            self.connection.execute(select(func.count()).select_from(SQLModel.metadata.tables[name])).scalar_one()
        )

    def last_run(self, stage: str) -> datetime | None:
        """When the last run of the stage finished; None before the first."""
        query = select(RUN.c.finished_at).where(RUN.c.stage == stage).order_by(RUN.c.upto_seq.desc(), RUN.c.id.desc())
        found: datetime | None = self.connection.execute(query.limit(1)).scalar()
        return found


def _stored(target: Table, text: str) -> StoredTable:
    columns = [
        StoredColumn(
            str(column.name),
            "json" if isinstance(column.type, Json) else kind_of(column.type).value,
            bool(column.primary_key),
            bool(column.nullable),
        )
        for column in target.columns
    ]
    return StoredTable(target.name, text, columns)
