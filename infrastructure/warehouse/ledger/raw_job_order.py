"""The order of jobs that change raw records: they are landed in the order in which they were accepted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select, update

from domain.jobs.job import JobStatus
from domain.pipeline.batch import NextRawJob
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow
from infrastructure.warehouse.repository import Repository, table

JOB, BATCH = table(JobRow), table(BatchRow)
UNLANDED = (JOB.c.landed.is_(False), JOB.c.status.in_([JobStatus.ACCEPTED, JobStatus.RUNNING]))


class RawJobOrder(Repository):
    """Queries on the table `job` for that order."""

    def oldest_unlanded(self, now: datetime) -> NextRawJob | None:
        """The oldest unlanded job of type `raw`, when its landing began, and whether a worker has a lease on it."""
        begun = select(func.max(BATCH.c.created_at)).where(BATCH.c.job_id == JOB.c.id).scalar_subquery()
        leased = (
            select(BATCH.c.id)
            .where(BATCH.c.job_id == JOB.c.id, BATCH.c.status == "open", BATCH.c.leased_until > now)
            .exists()
        )
        query = (
            select(JOB.c.id, JOB.c.status, begun, leased)
            .where(JOB.c.type == "raw", *UNLANDED)
            .order_by(JOB.c.created_at, JOB.c.id)
            .limit(1)
        )
        row = self.connection.execute(query).first()
        return (
            None
            if row is None
            else NextRawJob(job_id=row[0], begun_at=None if row[1] == JobStatus.ACCEPTED else row[2], leased=row[3])
        )

    def out_of_turn(self, job_ids: Sequence[str], mine: Sequence[str]) -> set[str]:
        """Those of the jobs that must wait: raw jobs behind an older raw job that is in neither list."""
        raw = JOB.c.type == "raw"
        raw_jobs = set(self.connection.execute(select(JOB.c.id).where(JOB.c.id.in_(job_ids), raw)).scalars())
        if not raw_jobs:
            return set()
        expected = raw_jobs | set(mine)
        in_order = self.connection.execute(
            select(JOB.c.id).where(raw, *UNLANDED).order_by(JOB.c.created_at, JOB.c.id).limit(len(expected) + 1)
        ).scalars()
        for job_id in in_order:
            if job_id not in expected:
                return raw_jobs
            raw_jobs.discard(job_id)
        return raw_jobs

    def reset_to_waiting(self, job_ids: Sequence[str]) -> None:
        """Reset those of the jobs that are raw to accepted, as if their landing had not begun."""
        where = (JOB.c.id.in_(job_ids), JOB.c.type == "raw", JOB.c.status == JobStatus.RUNNING, JOB.c.landed.is_(False))
        self.connection.execute(update(JOB).where(*where).values(status=JobStatus.ACCEPTED, started_at=None))

    def any_unlanded(self) -> bool:
        """Whether there is an unlanded job, which may hold any record."""
        return self.connection.execute(select(JOB.c.id).where(*UNLANDED).limit(1)).first() is not None

    def jobs_with_unlanded_content(self, before: str) -> list[str]:
        """Ids of jobs accepted before this one whose file may have content without a record version.

        These are files with unchanged or refused records, requests with a refused element, and failed or cancelled
        jobs, which may have landed nothing.
        """
        known = and_(JOB.c.type != "raw", JOB.c.unchanged > 0)
        ended = JOB.c.status.in_([JobStatus.FAILED, JobStatus.CANCELLED])
        where = (JOB.c.id < before, known | (JOB.c.quarantined > 0) | ended, JOB.c.sha256.is_not(None))
        return list(self.connection.execute(select(JOB.c.id).where(*where).order_by(JOB.c.id)).scalars())

    def is_read(self, files: Sequence[str]) -> bool:
        """Whether an unlanded job reads one of these files."""
        return (
            self.connection.execute(select(JOB.c.id).where(JOB.c.sha256.in_(files), *UNLANDED).limit(1)).first()
            is not None
        )
