"""What a purge empties beside the record itself: reasons, excerpts, file names, alerts, lists of what was touched."""

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
from infrastructure.warehouse.webhooks.tables import DeliveryRow

JOB, BATCH, RECORD, VERSION = table(JobRow), table(BatchRow), table(RecordRow), table(VersionRow)
QUARANTINE, OUTCOME, DELIVERY = table(QuarantineRow), table(OutcomeRow), table(DeliveryRow)
MATCH, BEFORE, WATERMARK = table(SearchMatchRow), table(SearchBeforeRow), table(WatermarkRow)
ERASED = "erased"


class ErasureRepository(Repository):
    """Updates of many tables, each safe to be done again."""

    def jobs_of(self, files: Sequence[str]) -> list[str]:
        """Ids of the jobs that read one of these files."""
        query = select(JOB.c.id).where(JOB.c.sha256.in_(files)).order_by(JOB.c.id)
        return list(self.connection.execute(query).scalars())

    def unidentified(self, job_ids: Sequence[str]) -> list[int]:
        """Ids of the jobs' refused elements of which nobody knows the process."""
        return self._refused(job_ids, QUARANTINE.c.ocid.is_(None))

    def members(self, job_ids: Sequence[str], names: Sequence[str]) -> list[int]:
        """Ids of the jobs' refused elements that stood in files, or members of archives, of these names."""
        return self._refused(job_ids, QUARANTINE.c.file.in_(names))

    def _refused(self, job_ids: Sequence[str], which: ColumnElement[bool]) -> list[int]:
        found: list[int] = []
        for part in chunks(job_ids):
            query = select(QUARANTINE.c.id).where(QUARANTINE.c.job_id.in_(part), which)
            found += self.connection.execute(query).scalars()
        return found

    def blank_quarantine(self, rows: Sequence[int]) -> None:
        """Forget what refused elements said, here and in the outcomes of requests.

        That they were refused, where and why in a word, stays.
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
        """Forget the names of the files, or members of archives, in which elements were refused."""
        for part in chunks(rows):
            self.connection.execute(update(QUARANTINE).where(QUARANTINE.c.id.in_(part)).values(file=ERASED))

    def blank_jobs(self, job_ids: Sequence[str]) -> None:
        """Forget why these jobs and their batches failed, as webhooks were told too, and where cancelled ones stopped."""
        for part in chunks(job_ids):
            self._blank_errors(JOB, JOB.c.id.in_(part))
            self._blank_errors(BATCH, BATCH.c.job_id.in_(part))
            ended = (JOB.c.id.in_(part), JOB.c.finished_at.is_not(None))
            self.connection.execute(update(JOB).where(*ended).values(position=None))
            for delivery_id, payload in self._messages(part):
                if error := payload.get("job", {}).get("error"):
                    self._tell(delivery_id, payload | {"job": payload["job"] | {"error": _quoting_nothing(error)}})

    def forget_names(self, files: Sequence[str]) -> None:
        """Forget the names of those of the files that brought no other record, as webhooks were told too."""
        for sha256 in files:
            query = select(JOB.c.id).where(JOB.c.sha256 == sha256, JOB.c.type != "raw")
            job_ids = list(self.connection.execute(query).scalars())
            if job_ids and not self._stands(job_ids):
                self.connection.execute(update(JOB).where(JOB.c.id.in_(job_ids)).values(filename=ERASED))
                self.connection.execute(update(QUARANTINE).where(QUARANTINE.c.job_id.in_(job_ids)).values(file=ERASED))
                for delivery_id, payload in self._messages(job_ids):
                    self._tell(delivery_id, payload | {"job": payload["job"] | {"filename": ERASED}})

    def _blank_errors(self, target: Table, where: ColumnElement[bool]) -> None:
        query = select(target.c.id, target.c.error).where(where, target.c.error.is_not(None))
        for row in self.connection.execute(query).all():
            error = _quoting_nothing(row.error)
            self.connection.execute(update(target).where(target.c.id == row.id).values(error=error))

    def _messages(self, job_ids: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
        """(id, payload) of what webhooks are told of these jobs."""
        query = select(DELIVERY.c.id, DELIVERY.c.payload).where(DELIVERY.c.ref.in_(job_ids))
        return [(row.id, row.payload) for row in self.connection.execute(query)]

    def _stands(self, job_ids: Sequence[str]) -> bool:
        """Whether a batch of these jobs holds a version of a record."""
        mine = BATCH.c.job_id.in_(job_ids)
        current = exists().where(RECORD.c.batch_id == BATCH.c.id)
        older = exists().where(VERSION.c.batch_id == BATCH.c.id)
        return self.connection.execute(select(BATCH.c.id).where(mine, or_(current, older)).limit(1)).first() is not None

    def forget_errors(self) -> None:
        """Forget why earlier runs of stages failed, which may quote a record, where they are over."""
        self.connection.execute(update(WATERMARK).where(WATERMARK.c.attempts == 0).values(error=None))

    def forget_organizations(self, silver_batch: int) -> None:
        """Forget the ids, which may be made from names, of organisations that left gold up to a silver batch.

        Search has passed it.
        """
        dim, touched = gold_table("dim_organization"), gold_table("touched_organization")
        gone = ~exists().where(dim.c.organization_id == touched.c.organization_id)
        self.connection.execute(touched.delete().where(gone, touched.c.silver_batch <= silver_batch))
        none = ~exists().where(dim.c.organization_id == BEFORE.c.document_id)
        self.connection.execute(BEFORE.delete().where(BEFORE.c.collection == "organizations", none))

    def matches(self, search_id: str, after: str, limit: int) -> dict[str, str]:
        """The next documents, in order of their ids, that a saved search was told of, with their titles."""
        next_ones = (MATCH.c.search_id == search_id, MATCH.c.document_id > after)
        query = select(MATCH.c.document_id, MATCH.c.title).where(*next_ones).order_by(MATCH.c.document_id).limit(limit)
        return {row.document_id: row.title for row in self.connection.execute(query)}

    def update_match_titles(self, search_id: str, titles: Mapping[str, str | None]) -> None:
        """Give the documents that a saved search was told of these titles; those with none leave."""
        for document_id, title in titles.items():
            where = and_(MATCH.c.search_id == search_id, MATCH.c.document_id == document_id)
            change = MATCH.delete() if title is None else update(MATCH).values(title=title)
            self.connection.execute(change.where(where))

    def alerts(self, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """(id, payload) of the next messages about matches of saved searches."""
        query = select(DELIVERY.c.id, DELIVERY.c.payload).where(DELIVERY.c.event == MATCH_EVENT, DELIVERY.c.id > after)
        return [(row.id, row.payload) for row in self.connection.execute(query.order_by(DELIVERY.c.id).limit(limit))]

    def update_alert(self, delivery_id: int, payload: dict[str, Any]) -> None:
        """Give a message this payload; one that names no document any more is not sent."""
        self._tell(delivery_id, payload)
        if not payload["documents"]:
            waiting: tuple[ColumnElement[bool], ...] = (DELIVERY.c.id == delivery_id, DELIVERY.c.status == "pending")
            self.connection.execute(update(DELIVERY).where(*waiting).values(status="cancelled", next_at=None))

    def _tell(self, delivery_id: int, payload: dict[str, Any]) -> None:
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(payload=payload))


def _quoting_nothing(error: dict[str, Any]) -> dict[str, Any]:
    """The error as a word: what else it says may quote the record."""
    return {name: error[name] for name in ("title", "status", "code", "stage") if name in error} | {"detail": ERASED}
