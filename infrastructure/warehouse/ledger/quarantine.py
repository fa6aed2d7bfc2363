"""Refused elements and their reasons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from domain.raw_records.quarantine import Quarantined
from domain.raw_records.record import RefusedElement
from infrastructure.warehouse.ledger.tables import JobRow, QuarantineRow
from infrastructure.warehouse.repository import Repository, delete_rows_of_ended_jobs, table

QUARANTINE = table(QuarantineRow)


class QuarantineRepository(Repository):
    """The table `quarantine`."""

    def add(self, job_id: str, batch_id: int, refused: Sequence[RefusedElement]) -> None:
        """Add the refused elements of a batch."""
        if refused:
            self.connection.execute(
                QUARANTINE.insert(), [_row(element) | {"job_id": job_id, "batch_id": batch_id} for element in refused]
            )

    def page(self, job_id: str, after: int, limit: int) -> tuple[list[Quarantined], int | None]:
        """A page of the job's refused elements in order of arrival, and the cursor of the next page."""
        query = (
            select(QUARANTINE)
            .where(QUARANTINE.c.job_id == job_id, QUARANTINE.c.id > after)
            .order_by(QUARANTINE.c.id)
            .limit(limit + 1)
        )
        rows = [dict(row) for row in self.connection.execute(query).mappings()]
        page = [Quarantined(**row) for row in rows[:limit]]
        return page, rows[limit - 1]["id"] if len(rows) > limit else None

    def delete_older(self, before: datetime, limit: int) -> int:
        """Delete the oldest entries, up to the limit, of jobs that ended before that time; returns their number."""
        return delete_rows_of_ended_jobs(self.connection, QUARANTINE, table(JobRow), before, limit)

    def refused_about(self, ocid: str | None, lines: Sequence[tuple[str, int]]) -> list[tuple[int, str]]:
        """(id, job_id) of the refused elements of a process, and of those at these places: (job_id, line)."""
        places = set(lines)
        jobs = QUARANTINE.c.job_id.in_(sorted({job_id for job_id, _ in lines}))
        query = select(QUARANTINE.c.id, QUARANTINE.c.job_id, QUARANTINE.c.line, QUARANTINE.c.ocid).where(
            jobs if ocid is None else or_(QUARANTINE.c.ocid == ocid, jobs)
        )
        return [
            (row.id, row.job_id)
            for row in self.connection.execute(query)
            if (row.job_id, row.line) in places or (ocid is not None and row.ocid == ocid)
        ]


def _row(refused: RefusedElement) -> dict[str, Any]:
    place = refused.place
    where = {"file": place.file, "line": place.line, "offset": place.offset, "element": place.path}
    return where | refused.model_dump(include={"path", "code", "reason", "ocid", "excerpt"})
