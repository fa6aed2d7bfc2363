"""Record versions for readers of raw records: with the batch, job and time of each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from domain.raw_records.listing import RawFilter, RecordVersion
from infrastructure.warehouse.ledger.tables import BatchRow, RecordRow, VersionRow
from infrastructure.warehouse.repository import Repository, table

RECORD, VERSION, BATCH = table(RecordRow), table(VersionRow), table(BatchRow)
FIRST = BATCH.alias("first_batch")
LAST = "\U0010ffff"  # after every character of an id


class RecordVersionRepository(Repository):
    """Current and superseded versions, with their batches."""

    def page(self, kind: str, filters: RawFilter, after: str | None, limit: int) -> list[RecordVersion]:
        """Records in the order of their ids, after the id `after`."""
        where: list[ColumnElement[bool]] = [RECORD.c.kind == kind, RECORD.c.deleted.is_(filters.deleted)]
        if after is not None:
            where.append(RECORD.c.record_id > after)
        if filters.prefix:
            where += [RECORD.c.record_id >= filters.prefix, RECORD.c.record_id < filters.prefix + LAST]
        for column, values in (
            (RECORD.c.record_id, filters.ids),
            (RECORD.c.ocid, filters.ocids),
            (BATCH.c.job_id, filters.jobs),
        ):
            if values:
                where.append(column.in_(values))
        if filters.updated_from:
            where.append(BATCH.c.committed_at >= filters.updated_from)
        if filters.updated_to:
            where.append(BATCH.c.committed_at <= filters.updated_to)
        return self._listed(_current().where(*where).order_by(RECORD.c.record_id).limit(limit))

    def one(self, kind: str, record_id: str) -> RecordVersion | None:
        """The current version of a record, tombstones included; None if unknown."""
        found = self._listed(_current().where(RECORD.c.kind == kind, RECORD.c.record_id == record_id))
        return found[0] if found else None

    def versions(self, kind: str, record_id: str) -> list[RecordVersion]:
        """Every version, newest first."""
        current = self.one(kind, record_id)
        if current is None:
            return []
        columns = (
            VERSION.c.record_id,
            VERSION.c.version,
            VERSION.c.content_hash,
            VERSION.c.deleted,
            VERSION.c.batch_id,
            BATCH.c.job_id,
            BATCH.c.committed_at,
        )
        query = (
            select(*columns)
            .join(BATCH, BATCH.c.id == VERSION.c.batch_id)
            .where(VERSION.c.kind == kind, VERSION.c.record_id == record_id)
        )
        rows = self.connection.execute(query.where(BATCH.c.status == "committed").order_by(VERSION.c.version.desc()))
        older = [RecordVersion(row[0], current.ocid, *row[1:6], current.created_at, row[6]) for row in rows]
        return [current, *older]

    def closed_batches(self) -> dict[int, bool]:
        """Every closed batch, and whether it is committed."""
        return {
            row.id: row.status == "committed"
            for row in self.connection.execute(select(BATCH.c.id, BATCH.c.status).where(BATCH.c.status != "open"))
        }

    def forget_versions(self, kind: str, record_id: str, before: int) -> None:
        """Delete the versions before this one, after they were erased from bronze."""
        self.connection.execute(
            VERSION.delete().where(VERSION.c.kind == kind, VERSION.c.record_id == record_id, VERSION.c.version < before)
        )

    def _listed(self, query: Select[Any]) -> list[RecordVersion]:
        rows: Sequence[Any] = self.connection.execute(query).all()
        return [RecordVersion(*row) for row in rows]


def _current() -> Select[Any]:
    columns = [RECORD.c[name] for name in ("record_id", "ocid", "version", "content_hash", "deleted", "batch_id")]
    joined = RECORD.join(BATCH, BATCH.c.id == RECORD.c.batch_id).join(FIRST, FIRST.c.id == RECORD.c.first_batch_id)
    return select(*columns, BATCH.c.job_id, FIRST.c.committed_at, BATCH.c.committed_at).select_from(joined)
