"""Jobs: adding, claiming, counting, finishing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from domain.jobs.job import Job, JobCounts, JobError, JobFilter, JobStatus, JobTotals
from domain.pipeline.batch import LandedSlice
from infrastructure.warehouse.ledger.audit_tables import AuditRow
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow
from infrastructure.warehouse.repository import Repository, chunks, table
from infrastructure.warehouse.webhooks.deliveries import DeliveryRepository

JOB, BATCH, AUDIT = table(JobRow), table(BatchRow), table(AuditRow)
COUNTS = tuple(JobCounts.model_fields)
RECORD_COUNTS = ("received", "accepted", "unchanged", "quarantined")
OPEN = (JobStatus.ACCEPTED, JobStatus.RUNNING)


class JobRepository(Repository):
    """The table `job`."""

    def add(self, job: Job) -> None:
        """Add a job."""
        self.connection.execute(JOB.insert(), [_row(job)])

    def get(self, job_id: str) -> Job | None:
        """The job, without the times of its stages; None if unknown."""
        row = self.connection.execute(select(JOB).where(JOB.c.id == job_id)).mappings().first()
        return _entity(dict(row)) if row else None

    def page(self, filters: JobFilter, before: tuple[datetime, str] | None, limit: int) -> list[Job]:
        """A page of jobs, newest first; `before` is the (created_at, id) of the last job of the previous page."""
        where: list[ColumnElement[bool]] = [
            JOB.c[name] == value
            for name in ("status", "type", "actor")
            if (value := getattr(filters, name)) is not None
        ]
        if filters.filename:
            where.append(JOB.c.filename.startswith(filters.filename, autoescape=True))
        if filters.created_from:
            where.append(JOB.c.created_at >= filters.created_from)
        if filters.created_to:
            where.append(JOB.c.created_at <= filters.created_to)
        if before:
            where.append(or_(JOB.c.created_at < before[0], and_(JOB.c.created_at == before[0], JOB.c.id < before[1])))
        query = select(JOB).where(*where).order_by(JOB.c.created_at.desc(), JOB.c.id.desc()).limit(limit)
        return [_entity(dict(row)) for row in self.connection.execute(query).mappings()]

    def get_many(self, job_ids: Sequence[str]) -> list[Job]:
        """The existing ones of these jobs, without the times of their stages."""
        found = [self.connection.execute(select(JOB).where(JOB.c.id.in_(part))).mappings() for part in chunks(job_ids)]
        return [_entity(dict(row)) for rows in found for row in rows]

    def retry_chain(self, job: Job) -> list[Job]:
        """The job, the job that it retries, and so on to the first one."""
        found = [job]
        while (before := found[-1].retry_of) and (step := self.get(before)):
            found.append(step)
        return found

    def retry_under_way(self, job_id: str) -> str | None:
        """The id of an unfinished retry of the job."""
        query = select(JOB.c.id).where(JOB.c.retry_of == job_id, JOB.c.status.in_(OPEN)).limit(1)
        return self.connection.execute(query).scalar()

    def ended(self, job_ids: Sequence[str]) -> list[str]:
        """The finished ones of these jobs."""
        return list(
            self.connection.execute(select(JOB.c.id).where(JOB.c.id.in_(job_ids), JOB.c.status.not_in(OPEN))).scalars()
        )

    def unlanded(self, idle_since: datetime, unleased_at: datetime | None = None) -> list[str]:
        """Ids of jobs to be landed that had no activity since `idle_since`, oldest first.

        `unleased_at`: leave out jobs that a worker had a lease on at that time.
        """
        last_activity = select(func.max(BATCH.c.created_at)).where(BATCH.c.job_id == JOB.c.id).scalar_subquery()
        is_idle = func.coalesce(last_activity, JOB.c.created_at) < idle_since
        where = and_(JOB.c.status.in_([JobStatus.ACCEPTED, JobStatus.RUNNING]), JOB.c.landed.is_(False), is_idle)
        if unleased_at is not None:
            where = and_(
                where,
                JOB.c.id.not_in(
                    select(BATCH.c.job_id).where(BATCH.c.status == "open", BATCH.c.leased_until > unleased_at)
                ),
            )
        return list(self.connection.execute(select(JOB.c.id).where(where).order_by(JOB.c.created_at)).scalars())

    def by_status(self) -> dict[str, int]:
        """The number of jobs per status."""
        return {
            row[0]: row[1] for row in self.connection.execute(select(JOB.c.status, func.count()).group_by(JOB.c.status))
        }

    def totals(self, after: str, upto: str | None = None) -> JobTotals:
        """Totals of the jobs with ids above `after`, up to `upto` if given. Ids sort by age."""
        where = [JOB.c.id > after] + ([] if upto is None else [JOB.c.id <= upto])
        sums = [func.sum(JOB.c[name]) for name in RECORD_COUNTS]
        found, totals = select(JOB.c.status, func.count(), *sums).where(*where).group_by(JOB.c.status), JobTotals()
        for status, jobs, *counts in self.connection.execute(found):
            if JobStatus(status).final:
                totals.ended[status] = jobs
            totals.records.update({name: int(count) for name, count in zip(RECORD_COUNTS, counts, strict=True)})
        return totals

    def count_open(self) -> int:
        """The number of jobs that have not ended."""
        return int(self.connection.execute(select(func.count()).where(JOB.c.status.in_(OPEN))).scalar() or 0)

    def oldest_open(self) -> str | None:
        """The id of the oldest job that has not ended."""
        return self.connection.execute(select(func.min(JOB.c.id)).where(JOB.c.status.in_(OPEN))).scalar()

    def oldest_unlanded(self) -> datetime | None:
        """When the oldest job was accepted that is not fully landed."""
        where = JOB.c.status.in_(OPEN), JOB.c.landed.is_(False), JOB.c.type != "export"
        found: datetime | None = self.connection.execute(select(func.min(JOB.c.created_at)).where(*where)).scalar()
        return found

    def waiting(self, limit: int) -> list[str]:
        """Ids of jobs whose landing has not started, oldest first."""
        query = (
            select(JOB.c.id)
            .where(JOB.c.status == JobStatus.ACCEPTED, JOB.c.landed.is_(False))
            .order_by(JOB.c.created_at, JOB.c.id)
            .limit(limit)
        )
        return list(self.connection.execute(query).scalars())

    def claim(self, job_ids: list[str], now: datetime) -> list[Job]:
        """Start those of the jobs whose landing has not started, oldest first."""
        query = (
            select(JOB)
            .where(JOB.c.id.in_(job_ids), JOB.c.status == JobStatus.ACCEPTED)
            .order_by(JOB.c.created_at, JOB.c.id)
        )
        found = [_entity(dict(row)) for row in self.connection.execute(query).mappings()]
        self.start([job.id for job in found], now)
        return found

    def start(self, job_ids: Sequence[str], now: datetime) -> None:
        """Mark the jobs as running; later calls change nothing."""
        where = and_(JOB.c.id.in_(job_ids), JOB.c.status == JobStatus.ACCEPTED)
        self.connection.execute(update(JOB).where(where).values(status=JobStatus.RUNNING, started_at=now))

    def progress(self, steps: Sequence[LandedSlice], now: datetime) -> None:
        """Add the batches' counts, and save the position where each job continues, or that it is fully landed."""
        if not steps:
            return
        seq = bindparam("b_seq", type_=JOB.c.last_seq.type)
        values: dict[str, Any] = {name: JOB.c[name] + bindparam(f"b_{name}") for name in COUNTS}
        values |= {name: bindparam(f"b_{name}", type_=JOB.c[name].type) for name in ("position", "landed")}
        values |= {"landed_at": bindparam("b_at", type_=JOB.c.landed_at.type)}
        values |= {"first_seq": func.coalesce(JOB.c.first_seq, seq), "last_seq": func.coalesce(seq, JOB.c.last_seq)}
        rows = [
            {
                "b_id": step.job_id,
                "b_seq": step.seq,
                "b_position": step.position,
                "b_landed": step.position is None,
                "b_at": now if step.position is None else None,
            }
            | {f"b_{name}": getattr(step.counts, name) for name in COUNTS}
            for step in steps
        ]
        self.connection.execute(update(JOB).where(JOB.c.id == bindparam("b_id")).values(**values), rows)

    def fail(self, job_id: str, error: JobError, now: datetime) -> None:
        """End the job as failed, with the error."""
        self._end([JOB.c.id == job_id, JOB.c.status.in_(OPEN)], now, status=JobStatus.FAILED, error=error.model_dump())

    def succeed(self, job_id: str, now: datetime) -> None:
        """End an export's job as succeeded; a final one stays as it is."""
        self._end([JOB.c.id == job_id, JOB.c.status.in_(OPEN)], now, status=JobStatus.SUCCEEDED)

    def cancel(self, job_id: str, error: JobError, now: datetime) -> bool:
        """Cancel the job before it is landed; whether that was still possible."""
        return (
            self._end(
                [JOB.c.id == job_id, JOB.c.status.in_(OPEN), JOB.c.landed.is_(False)],
                now,
                status=JobStatus.CANCELLED,
                error=error.model_dump(),
            )
            == 1
        )

    def finish_due(self, indexed: int, now: datetime) -> None:
        """Succeed landed jobs whose last batch the index stage has passed, and that have no pending erasure."""
        erased = JOB.c.id.not_in(select(AUDIT.c.job_id).where(AUDIT.c.status == "pending"))
        self._end([*_passed(indexed), erased], now, status=JobStatus.SUCCEEDED)

    def due(self, indexed: int) -> bool:
        """Whether a landed job is finished once the index stage has passed `indexed`."""
        return self.connection.execute(select(JOB.c.id).where(*_passed(indexed)).limit(1)).first() is not None

    def _end(self, where: Sequence[ColumnElement[bool]], now: datetime, **values: Any) -> int:
        """End the jobs and add their deliveries in the same transaction; returns the number of jobs."""
        ended = update(JOB).where(*where).values(finished_at=now, **values).returning(*JOB.c)
        jobs = [_entity(dict(row)) for row in self.connection.execute(ended).mappings()]
        DeliveryRepository(self.connection).add_job_events(jobs, now)
        return len(jobs)


def _passed(indexed: int) -> list[ColumnElement[bool]]:
    return [
        JOB.c.status == JobStatus.RUNNING,
        JOB.c.landed.is_(True),
        JOB.c.type != "export",
        or_(JOB.c.last_seq.is_(None), JOB.c.last_seq <= indexed),
    ]


def _row(job: Job) -> dict[str, Any]:
    return job.model_dump(exclude={"stages", "counts"}) | job.counts.model_dump()


def _entity(row: dict[str, Any]) -> Job:
    return Job(
        **{name: value for name, value in row.items() if name not in COUNTS},
        counts=JobCounts(**{name: row[name] for name in COUNTS}),
    )
