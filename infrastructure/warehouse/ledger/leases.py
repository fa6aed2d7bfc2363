"""Leases: an open batch belongs to a worker while that worker renews its lease."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from infrastructure.warehouse.ledger.jobs import OPEN
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow
from infrastructure.warehouse.repository import Repository, chunks, table

BATCH, JOB = table(BatchRow), table(JobRow)


class LeaseRepository(Repository):
    """The columns `worker` and `leased_until` of the table `batch`."""

    def active_workers(self, job_ids: Sequence[str], now: datetime) -> dict[str, str]:
        """Job id → worker of those jobs that a worker has a lease on."""
        found: dict[str, str] = {}
        for part in chunks(job_ids):
            query = select(BATCH.c.job_id, BATCH.c.worker).where(
                BATCH.c.job_id.in_(part), BATCH.c.status == "open", BATCH.c.leased_until > now
            )
            found |= {row.job_id: row.worker for row in self.connection.execute(query)}
        return found

    def renew(self, batch_ids: Sequence[int], until: datetime) -> set[int]:
        """Renew the valid leases; returns the batches that lost theirs by a takeover or the end of their job."""
        open_jobs = select(JOB.c.id).where(JOB.c.status.in_(OPEN))
        where = (BATCH.c.id.in_(batch_ids), BATCH.c.status == "open", BATCH.c.job_id.in_(open_jobs))
        renewed = self.connection.execute(
            update(BATCH).where(*where).values(leased_until=until).returning(BATCH.c.id)
        ).scalars()
        return set(batch_ids) - set(renewed)

    def end(self, batch_ids: Sequence[int]) -> None:
        """End the leases of failed attempts; they count as attempts."""
        self.connection.execute(
            update(BATCH).where(BATCH.c.id.in_(batch_ids), BATCH.c.status == "open").values(leased_until=None)
        )

    def end_for_worker(self, worker: str) -> list[str]:
        """End the leases of a dead worker, for its successor of the same name; returns the ids of its jobs."""
        where = (BATCH.c.worker == worker, BATCH.c.status == "open", BATCH.c.leased_until.is_not(None))
        return list(
            self.connection.execute(
                update(BATCH).where(*where).values(leased_until=None).returning(BATCH.c.job_id)
            ).scalars()
        )

    def close_for_worker(self, worker: str) -> None:
        """Close the open batches of a worker that shuts down; they count as no attempt."""
        where = (BATCH.c.worker == worker, BATCH.c.status == "open", BATCH.c.leased_until.is_not(None))
        self.connection.execute(update(BATCH).where(*where).values(status="unread"))
