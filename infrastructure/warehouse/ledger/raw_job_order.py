"""Whose turn it is among the jobs that change raw records: they are landed in the order in which they were accepted."""

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
    """A look at the table of jobs."""

    def oldest_unlanded(self, now: datetime) -> NextRawJob | None:
        """The oldest job of type `raw` that is still to be landed, when somebody began it, and whether a worker is at it."""
        begun = select(func.max(BATCH.c.created_at)).where(BATCH.c.job_id == JOB.c.id).scalar_subquery()
        leased = select(BATCH.c.id).where(BATCH.c.job_id == JOB.c.id, BATCH.c.status == "open", BATCH.c.leased_until > now).exists()
        query = select(JOB.c.id, JOB.c.status, begun, leased).where(JOB.c.type == "raw", *UNLANDED).order_by(JOB.c.created_at, JOB.c.id).limit(1)
        row = self.connection.execute(query).first()
        return None if row is None else NextRawJob(job_id=row[0], begun_at=None if row[1] == JobStatus.ACCEPTED else row[2], leased=row[3])

    def out_of_turn(self, job_ids: Sequence[str], mine: Sequence[str]) -> set[str]:
        """Those of the jobs that must wait: raw ones behind an older raw one that is neither among them nor `mine`."""
        raw = JOB.c.type == "raw"
        asked = set(self.connection.execute(select(JOB.c.id).where(JOB.c.id.in_(job_ids), raw)).scalars())
        if not asked:
            return set()
        ours = asked | set(mine)
        in_order = self.connection.execute(select(JOB.c.id).where(raw, *UNLANDED).order_by(JOB.c.created_at, JOB.c.id).limit(len(ours) + 1)).scalars()
        for job_id in in_order:
            if job_id not in ours:
                return asked
            asked.discard(job_id)
        return asked

    def reset_to_waiting(self, job_ids: Sequence[str]) -> None:
        """Have those of the jobs that are raw wait again, as if nobody had begun them."""
        where = (JOB.c.id.in_(job_ids), JOB.c.type == "raw", JOB.c.status == JobStatus.RUNNING, JOB.c.landed.is_(False))
        self.connection.execute(update(JOB).where(*where).values(status=JobStatus.ACCEPTED, started_at=None))

    def any_unlanded(self) -> bool:
        """Whether a job is still to be landed, which may hold any record."""
        return self.connection.execute(select(JOB.c.id).where(*UNLANDED).limit(1)).first() is not None

    def jobs_with_unlanded_content(self, before: str) -> list[str]:
        """Ids of the jobs that were accepted before this one, and whose file holds what they brought no version of.

        Of files these are jobs with records that were known already, or refused; of requests, those with a refused
        element; and jobs of both that failed or were cancelled, which may have landed nothing.
        """
        known = and_(JOB.c.type != "raw", JOB.c.unchanged > 0)
        ended = JOB.c.status.in_([JobStatus.FAILED, JobStatus.CANCELLED])
        where = (JOB.c.id < before, known | (JOB.c.quarantined > 0) | ended, JOB.c.sha256.is_not(None))
        return list(self.connection.execute(select(JOB.c.id).where(*where).order_by(JOB.c.id)).scalars())

    def is_read(self, files: Sequence[str]) -> bool:
        """Whether a job is still to be landed that reads one of these files."""
        return self.connection.execute(select(JOB.c.id).where(JOB.c.sha256.in_(files), *UNLANDED).limit(1)).first() is not None
