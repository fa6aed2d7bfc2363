"""Jobs: adding, claiming, counting, finishing."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from domain.job import Counts, Job, JobStatus
from infrastructure.warehouse.ledger import BatchRow, JobRow
from infrastructure.warehouse.repositories.base import Repository, table

JOB, BATCH = table(JobRow), table(BatchRow)
COUNTS = tuple(Counts.model_fields)


class Jobs(Repository):
    """The table of jobs."""

    def add(self, job: Job) -> None:
        """A new job."""
        self.connection.execute(JOB.insert(), [_row(job)])

    def get(self, job_id: str) -> Job | None:
        """The job, without its stages' times."""
        row = self.connection.execute(select(JOB).where(JOB.c.id == job_id)).mappings().first()
        return _entity(dict(row)) if row else None

    def page(self, *, status: str | None, type_: str | None, before: tuple[datetime, str] | None, limit: int) -> list[Job]:
        """Newest first; `before` is the (created_at, id) of the last one seen."""
        where: list[ColumnElement[bool]] = []
        if status:
            where.append(JOB.c.status == status)
        if type_:
            where.append(JOB.c.type == type_)
        if before:
            where.append(or_(JOB.c.created_at < before[0], and_(JOB.c.created_at == before[0], JOB.c.id < before[1])))
        query = select(JOB).where(*where).order_by(JOB.c.created_at.desc(), JOB.c.id.desc()).limit(limit)
        return [_entity(dict(row)) for row in self.connection.execute(query).mappings()]

    def unlanded(self, idle_since: datetime) -> list[str]:
        """Ids of the jobs that are still to be landed and of which nothing was heard since, oldest first."""
        heard = select(func.max(BATCH.c.created_at)).where(BATCH.c.job_id == JOB.c.id).scalar_subquery()
        where = and_(JOB.c.status.in_([JobStatus.ACCEPTED, JobStatus.RUNNING]), JOB.c.landed.is_(False), func.coalesce(heard, JOB.c.created_at) < idle_since)
        return list(self.connection.execute(select(JOB.c.id).where(where).order_by(JOB.c.created_at)).scalars())

    def by_status(self) -> dict[str, int]:
        """How many jobs there are in each status."""
        return {row[0]: row[1] for row in self.connection.execute(select(JOB.c.status, func.count()).group_by(JOB.c.status))}

    def waiting(self, limit: int) -> list[str]:
        """Ids of the jobs that nobody began to land, oldest first."""
        query = select(JOB.c.id).where(JOB.c.status == JobStatus.ACCEPTED, JOB.c.landed.is_(False)).order_by(JOB.c.created_at, JOB.c.id).limit(limit)
        return list(self.connection.execute(query).scalars())

    def claim(self, job_ids: list[str], now: datetime) -> list[Job]:
        """Begin those of the jobs that still nobody began, oldest first."""
        query = select(JOB).where(JOB.c.id.in_(job_ids), JOB.c.status == JobStatus.ACCEPTED).order_by(JOB.c.created_at, JOB.c.id)
        found = [_entity(dict(row)) for row in self.connection.execute(query).mappings()]
        for job in found:
            self.start(job.id, now)
        return found

    def start(self, job_id: str, now: datetime) -> None:
        """Say that the landing began; later calls change nothing."""
        where = and_(JOB.c.id == job_id, JOB.c.status == JobStatus.ACCEPTED)
        self.connection.execute(update(JOB).where(where).values(status=JobStatus.RUNNING, started_at=now))

    def progress(self, job_id: str, counts: Counts, seq: int | None, position: dict[str, Any] | None) -> None:
        """Add a batch's counts, and note where the landing goes on."""
        values: dict[str, Any] = {name: JOB.c[name] + getattr(counts, name) for name in COUNTS}
        values["position"] = position
        if seq is not None:
            values["last_seq"] = seq
            self.connection.execute(update(JOB).where(JOB.c.id == job_id, JOB.c.first_seq.is_(None)).values(first_seq=seq))
        self.connection.execute(update(JOB).where(JOB.c.id == job_id).values(**values))

    def landed(self, job_id: str, now: datetime) -> None:
        """Say that nothing is left to read."""
        self.connection.execute(update(JOB).where(JOB.c.id == job_id).values(landed=True, landed_at=now))

    def fail(self, job_id: str, error: dict[str, Any], now: datetime) -> None:
        """End the job with its reason."""
        values = {"status": JobStatus.FAILED, "error": error, "finished_at": now}
        where = and_(JOB.c.id == job_id, JOB.c.status.in_([JobStatus.ACCEPTED, JobStatus.RUNNING]))
        self.connection.execute(update(JOB).where(where).values(**values))

    def finish_due(self, indexed: int, now: datetime) -> None:
        """Succeed every landed job whose last batch the index stage has passed."""
        where = and_(JOB.c.status == JobStatus.RUNNING, JOB.c.landed.is_(True), or_(JOB.c.last_seq.is_(None), JOB.c.last_seq <= indexed))
        self.connection.execute(update(JOB).where(where).values(status=JobStatus.SUCCEEDED, finished_at=now))


def _row(job: Job) -> dict[str, Any]:
    return job.model_dump(exclude={"stages", "counts"}) | job.counts.model_dump()


def _entity(row: dict[str, Any]) -> Job:
    return Job(**{name: value for name, value in row.items() if name not in COUNTS}, counts=Counts(**{name: row[name] for name in COUNTS}))
