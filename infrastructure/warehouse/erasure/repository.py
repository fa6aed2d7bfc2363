"""Erases the traces of purged records in the warehouse: reasons, excerpts, file names, alerts, lists of touched
rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select, update

from domain.raw_records.operations import line_of
from domain.saved_searches.saved_search import MATCH_EVENT
from infrastructure.warehouse.ledger.audit_tables import OutcomeRow
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow, QuarantineRow, RecordRow, VersionRow, WatermarkRow
from infrastructure.warehouse.repository import Repository, chunks, table
from infrastructure.warehouse.saved_searches.tables import SearchBeforeRow, SearchMatchRow
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.organization_tables import OrganizationDecision
from infrastructure.warehouse.webhooks.tables import DeliveryRow

JOB, BATCH, RECORD, VERSION = table(JobRow), table(BatchRow), table(RecordRow), table(VersionRow)
DECISION = table(OrganizationDecision)
QUARANTINE, OUTCOME, DELIVERY = table(QuarantineRow), table(OutcomeRow), table(DeliveryRow)
MATCH, BEFORE, WATERMARK = table(SearchMatchRow), table(SearchBeforeRow), table(WatermarkRow)
ERASED = "erased"


class ErasureRepository(Repository):
    """Updates of many tables, each safe to repeat."""

    def jobs_of(self, files: Sequence[str]) -> list[str]:
        """Ids of the jobs that read one of these files (SHA-256)."""
        query = select(JOB.c.id).where(JOB.c.sha256.in_(files)).order_by(JOB.c.id)
        return list(self.connection.execute(query).scalars())

    def unidentified(self, job_ids: Sequence[str]) -> list[int]:
        """Ids of the jobs' refused elements without an ocid."""
        return self._refused(job_ids, QUARANTINE.c.ocid.is_(None))

    def members(self, job_ids: Sequence[str], names: Sequence[str]) -> list[int]:
        """Ids of the jobs' refused elements from files, or members of archives, with these names."""
        return self._refused(job_ids, QUARANTINE.c.file.in_(names))

    def _refused(self, job_ids: Sequence[str], which: ColumnElement[bool]) -> list[int]:
        found: list[int] = []
        for part in chunks(job_ids):
            query = select(QUARANTINE.c.id).where(QUARANTINE.c.job_id.in_(part), which)
            found += self.connection.execute(query).scalars()
        return found

    def blank_quarantine(self, rows: Sequence[int]) -> None:
        """Erase the content of refused elements in the quarantine and in the outcomes of requests.

        Their place and refusal code stay.
        """
        for part in chunks(rows):
            where = QUARANTINE.c.id.in_(part)
            refused = select(QUARANTINE.c.job_id, QUARANTINE.c.line).where(where, QUARANTINE.c.line.is_not(None))
            for job_id, line in self.connection.execute(refused).all():
                here = (OUTCOME.c.job_id == job_id, OUTCOME.c.position == line - line_of(0))
                blank = update(OUTCOME).where(*here, OUTCOME.c.reason.is_not(None)).values(reason=ERASED, path=None)
                self.connection.execute(blank)
            self.connection.execute(update(QUARANTINE).where(where).values(excerpt="", reason=ERASED, path=""))

    def forget_members(self, rows: Sequence[int]) -> None:
        """Erase the names of the files, or members of archives, of these quarantine rows."""
        for part in chunks(rows):
            self.connection.execute(update(QUARANTINE).where(QUARANTINE.c.id.in_(part)).values(file=ERASED))

    def blank_jobs(self, job_ids: Sequence[str]) -> None:
        """Erase the error details of these jobs and their batches, also in deliveries, and the positions of
        ended jobs.
        """
        for part in chunks(job_ids):
            self._blank_errors(JOB, JOB.c.id.in_(part))
            self._blank_errors(BATCH, BATCH.c.job_id.in_(part))
            ended = (JOB.c.id.in_(part), JOB.c.finished_at.is_not(None))
            self.connection.execute(update(JOB).where(*ended).values(position=None))
            for delivery_id, payload in self._messages(part):
                if error := payload.get("job", {}).get("error"):
                    self._set_payload(
                        delivery_id, payload | {"job": payload["job"] | {"error": _without_detail(error)}}
                    )

    def forget_names(self, files: Sequence[str]) -> None:
        """Erase the names of files of which no record is left, also in deliveries."""
        for sha256 in files:
            query = select(JOB.c.id).where(JOB.c.sha256 == sha256, JOB.c.type != "raw")
            job_ids = list(self.connection.execute(query).scalars())
            if job_ids and not self._has_versions(job_ids):
                self.connection.execute(update(JOB).where(JOB.c.id.in_(job_ids)).values(filename=ERASED))
                self.connection.execute(update(QUARANTINE).where(QUARANTINE.c.job_id.in_(job_ids)).values(file=ERASED))
                for delivery_id, payload in self._messages(job_ids):
                    self._set_payload(delivery_id, payload | {"job": payload["job"] | {"filename": ERASED}})

    def _blank_errors(self, target: Table, where: ColumnElement[bool]) -> None:
        query = select(target.c.id, target.c.error).where(where, target.c.error.is_not(None))
        for row in self.connection.execute(query).all():
            error = _without_detail(row.error)
            self.connection.execute(update(target).where(target.c.id == row.id).values(error=error))

    def _messages(self, job_ids: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
        """(id, payload) of the deliveries about these jobs."""
        query = select(DELIVERY.c.id, DELIVERY.c.payload).where(DELIVERY.c.ref.in_(job_ids))
        return [(row.id, row.payload) for row in self.connection.execute(query)]

    def _has_versions(self, job_ids: Sequence[str]) -> bool:
        """Whether a batch of these jobs has a version of a record."""
        mine = BATCH.c.job_id.in_(job_ids)
        current = exists().where(RECORD.c.batch_id == BATCH.c.id)
        older = exists().where(VERSION.c.batch_id == BATCH.c.id)
        return self.connection.execute(select(BATCH.c.id).where(mine, or_(current, older)).limit(1)).first() is not None

    def forget_errors(self) -> None:
        """Erase the errors of stages that run again, as they may quote a record."""
        self.connection.execute(update(WATERMARK).where(WATERMARK.c.attempts == 0).values(error=None))

    def forget_organizations(self, silver_batch: int) -> None:
        """Erase the ids, which may be made from names, of organisations that left gold up to a silver batch, also in
        decisions.

        The index stage must have passed it.
        """
        dim, touched = gold_table("dim_organization"), gold_table("touched_organization")
        is_removed = ~exists().where(dim.c.organization_id == touched.c.organization_id)
        self.connection.execute(touched.delete().where(is_removed, touched.c.silver_batch <= silver_batch))
        for side in (DECISION.c.left_id, DECISION.c.right_id):
            self.connection.execute(DECISION.delete().where(~exists().where(dim.c.organization_id == side)))
        is_removed_too = ~exists().where(dim.c.organization_id == BEFORE.c.document_id)
        self.connection.execute(BEFORE.delete().where(BEFORE.c.collection == "organizations", is_removed_too))

    def matches(self, search_id: str, after: str, limit: int) -> dict[str, str]:
        """The next matches of a saved search, in order of document id: document id → title."""
        next_ones = (MATCH.c.search_id == search_id, MATCH.c.document_id > after)
        query = select(MATCH.c.document_id, MATCH.c.title).where(*next_ones).order_by(MATCH.c.document_id).limit(limit)
        return {row.document_id: row.title for row in self.connection.execute(query)}

    def update_match_titles(self, search_id: str, titles: Mapping[str, str | None]) -> None:
        """Set the titles of matches of a saved search; a match with the title None is deleted."""
        for document_id, title in titles.items():
            where = and_(MATCH.c.search_id == search_id, MATCH.c.document_id == document_id)
            change = MATCH.delete() if title is None else update(MATCH).values(title=title)
            self.connection.execute(change.where(where))

    def alerts(self, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """(id, payload) of the next alerts, in order of id."""
        query = select(DELIVERY.c.id, DELIVERY.c.payload).where(DELIVERY.c.event == MATCH_EVENT, DELIVERY.c.id > after)
        return [(row.id, row.payload) for row in self.connection.execute(query.order_by(DELIVERY.c.id).limit(limit))]

    def update_alert(self, delivery_id: int, payload: dict[str, Any]) -> None:
        """Set the payload of an alert; a pending alert without documents is cancelled."""
        self._set_payload(delivery_id, payload)
        if not payload["documents"]:
            waiting: tuple[ColumnElement[bool], ...] = (DELIVERY.c.id == delivery_id, DELIVERY.c.status == "pending")
            self.connection.execute(update(DELIVERY).where(*waiting).values(status="cancelled", next_at=None))

    def _set_payload(self, delivery_id: int, payload: dict[str, Any]) -> None:
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(payload=payload))


def _without_detail(error: dict[str, Any]) -> dict[str, Any]:
    """The error without its detail, which may quote the record."""
    return {name: error[name] for name in ("title", "status", "code", "stage") if name in error} | {"detail": ERASED}
