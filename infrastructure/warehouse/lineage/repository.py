"""Queries of lineage: rows of a process in gold, silver batches, and all versions of a process's releases."""

from sqlalchemy import func, literal, select

from domain.lineage.process_lineage import FactRows, LoggedVersion
from domain.raw_records.record import Kind
from domain.star.queries import FACTS
from infrastructure.warehouse.ledger.tables import BatchRow, RecordRow, SilverBatchRow, VersionRow
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.star.readable_fields import readable_table
from services.ports.repositories.lineage import SilverBatchRun

RECORD, VERSION, BATCH, SILVER = table(RecordRow), table(VersionRow), table(BatchRow), table(SilverBatchRow)


class LineageRepository(Repository):
    """Reads the origin of rows from the ledger and the star."""

    def fact_rows(self, process_key: int) -> list[FactRows]:
        """The number of rows of the process in each fact, by silver batch."""
        found = []
        for fact in FACTS:
            target = readable_table(fact).table
            query = (
                select(target.c.silver_batch, func.count())
                .where(target.c.process_key == process_key)
                .group_by(target.c.silver_batch)
                .order_by(target.c.silver_batch)
            )
            found += [
                FactRows(table=target.name, rows=rows, silver_batch=batch)
                for batch, rows in self.connection.execute(query)
            ]
        return found

    def silver_batch(self, silver_batch: int) -> SilverBatchRun | None:
        """The silver batch; None if unknown."""
        columns = [SILVER.c[name] for name in SilverBatchRun._fields]
        found = self.connection.execute(select(*columns).where(SILVER.c.id == silver_batch)).first()
        return None if found is None else SilverBatchRun(*found)

    def release_versions(self, ocid: str) -> list[LoggedVersion]:
        """All committed versions of the process's releases, tombstones included, by record and version."""
        of_process = (RECORD.c.kind == Kind.RELEASES, RECORD.c.ocid == ocid)
        batch = (BATCH.c.id, BATCH.c.seq, BATCH.c.job_id, BATCH.c.committed_at)
        current = (
            select(RECORD.c.record_id, RECORD.c.version, RECORD.c.deleted, *batch, literal(value=True))
            .join(BATCH, BATCH.c.id == RECORD.c.batch_id)
            .where(*of_process, BATCH.c.status == "committed")
        )
        same = (VERSION.c.kind == RECORD.c.kind) & (VERSION.c.record_id == RECORD.c.record_id)
        older = (
            select(VERSION.c.record_id, VERSION.c.version, VERSION.c.deleted, *batch, literal(value=False))
            .select_from(RECORD)
            .join(VERSION, same)
            .join(BATCH, BATCH.c.id == VERSION.c.batch_id)
            .where(*of_process, BATCH.c.status == "committed")
        )
        rows = [*self.connection.execute(current), *self.connection.execute(older)]
        return sorted(LoggedVersion(*row) for row in rows)
