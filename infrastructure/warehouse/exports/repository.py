"""Exports that run as jobs: queries and writes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from domain.exports.order import Export
from domain.jobs.job import JobStatus
from infrastructure.warehouse.exports.tables import ExportRow
from infrastructure.warehouse.ledger.tables import JobRow
from infrastructure.warehouse.repository import Repository, table

EXPORT, JOB = table(ExportRow), table(JobRow)


class ExportRepository(Repository):
    """The table `export`."""

    def add(self, export: Export) -> None:
        """Add an export."""
        self.connection.execute(EXPORT.insert(), [export.model_dump(mode="json")])

    def get(self, job_id: str) -> Export | None:
        """The export of the job."""
        row = self.connection.execute(select(EXPORT).where(EXPORT.c.job_id == job_id)).mappings().first()
        return Export(**row) if row else None

    def unfinished(self) -> list[str]:
        """The jobs of exports that have not ended, oldest first."""
        open_jobs = JOB.c.status.in_([JobStatus.ACCEPTED, JobStatus.RUNNING])
        query = select(JOB.c.id).where(JOB.c.type == "export", open_jobs).order_by(JOB.c.created_at)
        return list(self.connection.execute(query).scalars())

    def finish(self, job_id: str, expires_at: datetime) -> None:
        """Set the end of the time in which the file is kept."""
        self.connection.execute(update(EXPORT).where(EXPORT.c.job_id == job_id).values(expires_at=expires_at))

    def ids(self) -> list[str]:
        """The jobs of all exports that are under way or whose file is kept."""
        return list(self.connection.execute(select(EXPORT.c.job_id)).scalars())

    def expired(self, at: datetime) -> list[str]:
        """The jobs whose file is no longer kept at this instant."""
        return list(self.connection.execute(select(EXPORT.c.job_id).where(EXPORT.c.expires_at <= at)).scalars())

    def delete(self, job_ids: Sequence[str]) -> None:
        """Delete these exports; their jobs stay."""
        self.connection.execute(delete(EXPORT).where(EXPORT.c.job_id.in_(job_ids)))
