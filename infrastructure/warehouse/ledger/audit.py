"""Outcomes of operations on raw records, and the audit trail of what was erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from domain.raw_records.audit import Audit, AuditFilter, NewAuditEntry
from domain.raw_records.operations import Outcome
from infrastructure.warehouse.ledger.audit_tables import AuditRow, OutcomeRow
from infrastructure.warehouse.ledger.tables import JobRow
from infrastructure.warehouse.repository import Repository, chunks, delete_rows_of_ended_jobs, table

OUTCOME, AUDIT = table(OutcomeRow), table(AuditRow)


class OutcomeRepository(Repository):
    """The table `outcome`."""

    def add(self, outcomes: Sequence[tuple[str, Outcome]]) -> None:
        """Add outcomes, each with its job id."""
        if outcomes:
            rows = [
                item.model_dump(exclude={"id"}) | {"record_id": item.id, "job_id": job_id} for job_id, item in outcomes
            ]
            self.connection.execute(OUTCOME.insert(), rows)

    def page(self, job_id: str, after: int, limit: int, outcome: str | None = None) -> tuple[list[Outcome], int | None]:
        """A page of a job's outcomes in request order, optionally of one kind, and the cursor of the next page."""
        where: list[ColumnElement[bool]] = [OUTCOME.c.job_id == job_id, OUTCOME.c.id > after]
        if outcome:
            where.append(OUTCOME.c.outcome == outcome)
        rows = [
            dict(row)
            for row in self.connection.execute(
                select(OUTCOME).where(*where).order_by(OUTCOME.c.id).limit(limit + 1)
            ).mappings()
        ]
        return [_outcome(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None

    def places(self, kind: str, record_id: str, before: str) -> list[tuple[str, int]]:
        """(job id, position) of the operations on the record before this job."""
        query = select(OUTCOME.c.job_id, OUTCOME.c.position).where(*self._of(kind, record_id, before))
        return [(row.job_id, row.position) for row in self.connection.execute(query)]

    def blank(self, kind: str, record_id: str, before: str) -> None:
        """Erase the reasons, which may quote the record, of operations on it before this job."""
        where = (*self._of(kind, record_id, before), OUTCOME.c.reason.is_not(None))
        self.connection.execute(update(OUTCOME).where(*where).values(reason="erased", path=None))

    def delete_older(self, before: datetime, limit: int) -> int:
        """Delete the oldest outcomes, up to the limit, of jobs that ended before that time; returns their number."""
        return delete_rows_of_ended_jobs(self.connection, OUTCOME, table(JobRow), before, limit)

    @staticmethod
    def _of(kind: str, record_id: str, before: str) -> tuple[ColumnElement[bool], ...]:
        first = select(func.min(OUTCOME.c.id)).where(OUTCOME.c.job_id == before).scalar_subquery()
        return OUTCOME.c.kind == kind, OUTCOME.c.record_id == record_id, OUTCOME.c.id < first


class AuditRepository(Repository):
    """The table `audit`."""

    def add(self, entries: Sequence[NewAuditEntry]) -> None:
        """Add entries with erasures that are pending."""
        if entries:
            self.connection.execute(
                AUDIT.insert(), [one._asdict() | {"action": "purge", "status": "pending"} for one in entries]
            )

    def due(self, seq: int) -> list[Audit]:
        """Pending erasures up to sequence number `seq`, which the index stage has reached; oldest first."""
        query = select(AUDIT).where(AUDIT.c.status == "pending", AUDIT.c.seq <= seq).order_by(AUDIT.c.id)
        return [Audit(**row) for row in self.connection.execute(query).mappings()]

    def save_erased(self, entry: int, erased: dict[str, Any]) -> None:
        """Save what is erased, or going to be."""
        self.connection.execute(update(AUDIT).where(AUDIT.c.id == entry).values(erased=erased))

    def finish(self, entry: int, status: str, now: datetime, reason: str | None = None) -> None:
        """Close the entry with its final status; a failed one with the reason."""
        values = {"status": status, "finished_at": now, "reason": reason}
        self.connection.execute(update(AUDIT).where(AUDIT.c.id == entry).values(**values))

    def blank_reasons(self, kind: str, record_id: str) -> None:
        """Erase the reasons, which may quote the record, of failed purges of it."""
        where = AUDIT.c.kind == kind, AUDIT.c.record_id == record_id, AUDIT.c.reason.is_not(None)
        self.connection.execute(update(AUDIT).where(*where).values(reason="erased"))

    def delete_older(self, before: datetime, limit: int) -> int:
        """Delete the oldest entries, up to the limit, that were closed before that time; returns their number."""
        closed = AUDIT.c.status != "pending", func.coalesce(AUDIT.c.finished_at, AUDIT.c.at) < before
        ids = list(
            self.connection.execute(select(AUDIT.c.id).where(*closed).order_by(AUDIT.c.id).limit(limit)).scalars()
        )
        for part in chunks(ids):
            self.connection.execute(delete(AUDIT).where(AUDIT.c.id.in_(part)))
        return len(ids)

    def page(self, filters: AuditFilter, before: int | None, limit: int) -> list[Audit]:
        """A page of entries, newest first; `where` maps columns to values."""
        conditions = [AUDIT.c[name] == value for name, value in filters if value is not None]
        if before is not None:
            conditions.append(AUDIT.c.id < before)
        query = select(AUDIT).where(*conditions).order_by(AUDIT.c.id.desc()).limit(limit)
        return [Audit(**row) for row in self.connection.execute(query).mappings()]


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(**{name: row[name] for name in Outcome.model_fields if name != "id"}, id=row["record_id"])
