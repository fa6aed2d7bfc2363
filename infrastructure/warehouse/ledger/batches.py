"""Batches of the log, silver batches, and batches set aside."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, Update, bindparam, func, select, update

from domain.jobs.job import JobCounts, JobError
from domain.ocds.repeated_ids import ReleaseMarks
from domain.pipeline.batch import Batch, CommittedBatch, LogLag, SilverBatch
from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError
from infrastructure.warehouse.ledger.record_catalogue import RecordCatalogue
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow, SilverBatchRow
from infrastructure.warehouse.repository import Repository, chunks, table

BATCH, SILVER, JOB = table(BatchRow), table(SilverBatchRow), table(JobRow)


class BatchRepository(Repository):
    """The tables `batch` and `silver_batch`: which batches are committed, in which order."""

    def open(
        self, job_ids: Sequence[str], now: datetime, worker: str = "", leased_until: datetime | None = None
    ) -> list[Batch]:
        """Open the next batch of each job under a new id, so that bronze rows of an interrupted attempt stay invisible.

        `deliveries` counts the attempts at this slice of the job, this one included.
        """
        last = {row.job_id: row for part in chunks(job_ids) for row in self._newest(part)}
        tried = {job_id: row for job_id, row in last.items() if row.status == "open"}
        if tried:
            self.connection.execute(
                update(BATCH).where(BATCH.c.id.in_([row.id for row in tried.values()])).values(status="abandoned")
            )
        rows = [
            {
                "job_id": job_id,
                "ordinal": last[job_id].ordinal + 1 if job_id in last else 0,
                "status": "open",
                "deliveries": tried[job_id].deliveries + 1 if job_id in tried else 1,
                "records": 0,
                "worker": worker,
                "leased_until": leased_until,
                "created_at": now,
            }
            for job_id in job_ids
        ]
        if not rows:
            return []
        keys = self.connection.execute(
            BATCH.insert().returning(BATCH.c.id, sort_by_parameter_order=True), rows
        ).scalars()
        return [
            Batch(id=key, **{name: row[name] for name in ("job_id", "ordinal", "deliveries")})
            for key, row in zip(keys, rows, strict=True)
        ]

    def _newest(self, job_ids: Sequence[str]) -> Sequence[Any]:
        """The newest batch of each of these jobs that has one."""
        ordinal = (
            select(BATCH.c.job_id, func.max(BATCH.c.ordinal).label("ordinal"))
            .where(BATCH.c.job_id.in_(job_ids))
            .group_by(BATCH.c.job_id)
            .subquery()
        )
        same = (BATCH.c.job_id == ordinal.c.job_id) & (BATCH.c.ordinal == ordinal.c.ordinal)
        return self.connection.execute(
            select(BATCH.c.job_id, BATCH.c.ordinal, BATCH.c.status, BATCH.c.deliveries, BATCH.c.id).join(ordinal, same)
        ).all()

    def count_landed_slices(self, job_id: str) -> int:
        """The number of landed slices of the job."""
        where = BATCH.c.job_id == job_id, BATCH.c.status.not_in(["open", "abandoned", "unread"])
        return self._number(select(func.max(BATCH.c.ordinal) + 1).where(*where))

    def close_unread(self, batches: Sequence[Batch]) -> None:
        """Close those of the batches that are still open and have no rows; they count as no attempt."""
        where = (BATCH.c.id.in_([batch.id for batch in batches]), BATCH.c.status == "open")
        self.connection.execute(update(BATCH).where(*where).values(status="unread"))

    def commit(self, read: Sequence[tuple[Batch, JobCounts, Iterable[str]]], now: datetime) -> dict[int, int]:
        """Commit the batches with the kinds of their records, and number them in this order; returns batch id → seq.

        LostRaceError if another attempt has taken one over.
        """
        if not read:
            return {}
        seqs = {batch.id: seq for seq, (batch, _, _) in enumerate(read, self.last_seq() + 1)}
        values = {
            "status": "committed",
            "seq": bindparam("b_seq"),
            "kinds": bindparam("b_kinds", type_=BATCH.c.kinds.type),
            "records": bindparam("b_records"),
            "committed_at": now,
        }
        rows = [
            {"b_id": batch.id, "b_seq": seqs[batch.id], "b_kinds": kinds, "b_records": counts.accepted}
            for batch, counts, kinds in read
        ]
        self._close(update(BATCH).where(BATCH.c.id == bindparam("b_id")).values(**values), rows)
        return seqs

    def close_empty(self, batches: Sequence[Batch], now: datetime) -> None:
        """Close batches without new records; they get no sequence number. LostRaceError as in `commit`."""
        if batches:
            where = BATCH.c.id == bindparam("b_id")
            self._close(
                update(BATCH).where(where).values(status="empty", committed_at=now),
                [{"b_id": batch.id} for batch in batches],
            )

    def _close(self, statement: Update, rows: Sequence[dict[str, Any]]) -> None:
        if self.connection.execute(statement.where(BATCH.c.status == "open"), list(rows)).rowcount != len(rows):
            raise LostRaceError(
                f"one of the batches {', '.join(str(row['b_id']) for row in rows[:5])} was taken over by another "
                "attempt"
            )

    def save_release_marks(self, marks: Mapping[int, ReleaseMarks]) -> None:
        """Save the marks of the releases in these batches, whose jobs are not fully landed."""
        rows = [
            {"b_id": batch_id, "b_marks": b"".join(release_id + content for release_id, content in found.items())}
            for batch_id, found in marks.items()
        ]
        if rows:
            self.connection.execute(
                update(BATCH).where(BATCH.c.id == bindparam("b_id")).values(marks=bindparam("b_marks")), rows
            )

    def release_marks(self, job_id: str, wanted: Collection[bytes]) -> ReleaseMarks:
        """The first mark of each of these release ids in the job's batches, except open and abandoned ones."""
        if not wanted:
            return {}
        found: ReleaseMarks = {}
        ids = np.frombuffer(b"".join(wanted), dtype=np.uint64)
        where = (
            BATCH.c.job_id == job_id,
            BATCH.c.marks.is_not(None),
            BATCH.c.status.in_(["committed", "empty", "set_aside"]),
        )
        for packed in self.connection.execute(select(BATCH.c.marks).where(*where).order_by(BATCH.c.ordinal)).scalars():
            pairs = np.frombuffer(packed, dtype=np.uint64).reshape(-1, 2)
            for release_id, content in pairs[np.isin(pairs[:, 0], ids)]:
                found.setdefault(release_id.tobytes(), content.tobytes())
        return found

    def delete_release_marks(self, job_ids: Sequence[str]) -> None:
        """Delete the marks of landed jobs."""
        for part in chunks(job_ids):
            self.connection.execute(
                update(BATCH).where(BATCH.c.job_id.in_(part), BATCH.c.marks.is_not(None)).values(marks=None)
            )

    def last_seq(self) -> int:
        """The highest sequence number, batches set aside included; 0 for an empty log."""
        return self._number(select(func.max(BATCH.c.seq)))

    def last_committed(self) -> int:
        """The highest sequence number of a committed batch; 0 without one."""
        return self._number(select(func.max(BATCH.c.seq)).where(BATCH.c.status == "committed"))

    def committed_after(self, after: int, upto: int | None = None) -> list[CommittedBatch]:
        """Committed batches after `after` in order."""
        columns = (BATCH.c.id, BATCH.c.seq, BATCH.c.job_id, BATCH.c.records, BATCH.c.kinds)
        query = select(*columns).where(BATCH.c.seq > after, BATCH.c.status == "committed")
        if upto is not None:
            query = query.where(BATCH.c.seq <= upto)
        return [CommittedBatch(*row) for row in self.connection.execute(query.order_by(BATCH.c.seq))]

    def oldest_landed_after(self, after: int) -> datetime | None:
        """When the oldest committed batch after `after` was landed."""
        query = select(func.min(BATCH.c.committed_at)).where(BATCH.c.seq > after, BATCH.c.status == "committed")
        found: datetime | None = self.connection.execute(query).scalar()
        return found

    def sequence(self) -> dict[int, int]:
        """Batch id → seq of every committed batch."""
        rows = self.connection.execute(select(BATCH.c.id, BATCH.c.seq).where(BATCH.c.status == "committed"))
        return {row.id: row.seq for row in rows}

    def seqs(self, ids: Sequence[int]) -> dict[int, int]:
        """Batch id → seq of the committed batches among `ids`."""
        rows = self.connection.execute(
            select(BATCH.c.id, BATCH.c.seq).where(BATCH.c.id.in_(ids), BATCH.c.status == "committed")
        )
        return {row.id: row.seq for row in rows}

    def next_batches(self, mark: Watermark) -> tuple[int | None, list[CommittedBatch]]:
        """The stage's next work: the silver batch (None for refine), and its batches of the log."""
        if mark.stage == "refine":
            return None, self.committed_after(mark.seq)[:1]
        silver = next(iter(self.silver_after(mark.silver_batch)), None)
        return (silver.id, self.committed_after(silver.from_seq, silver.upto_seq)) if silver is not None else (None, [])

    def set_aside(self, silver_batch: int | None, batch_ids: Sequence[int], error: JobError) -> None:
        """Set aside the batches and the silver batch made of them; their records return to the versions before."""
        self.connection.execute(update(SILVER).where(SILVER.c.id == silver_batch).values(status="set_aside"))
        self.connection.execute(
            update(BATCH).where(BATCH.c.id.in_(batch_ids)).values(status="set_aside", error=error.model_dump())
        )
        RecordCatalogue(self.connection).set_aside(batch_ids)

    def count_set_aside(self) -> int:
        """The number of batches set aside."""
        return self._number(select(func.count()).where(BATCH.c.status == "set_aside"))

    def behind(self, seq: int) -> LogLag:
        """The committed batches after `seq`: their number, and when the oldest was landed."""
        query = select(func.count(), func.min(BATCH.c.committed_at)).where(
            BATCH.c.seq > seq, BATCH.c.status == "committed"
        )
        return LogLag(*self.connection.execute(query).one())

    def silver_position(self, silver_batch: int) -> int:
        """The sequence number up to which the silver batches up to this one have read the log."""
        newest = select(SILVER.c.upto_seq).where(SILVER.c.id <= silver_batch, SILVER.c.status == "committed")
        return self._number(newest.order_by(SILVER.c.id.desc()).limit(1))

    def last_silver(self) -> int:
        """The id of the newest committed silver batch; 0 without one."""
        return self._number(select(func.max(SILVER.c.id)).where(SILVER.c.status == "committed"))

    def _number(self, query: Select[Any]) -> int:
        """The number that the query gives; 0 for NULL."""
        return int(self.connection.execute(query).scalar() or 0)

    def open_silver(self, from_seq: int, upto_seq: int, now: datetime) -> int:
        """Open a silver batch for sequence numbers in (from_seq, upto_seq]; returns its id."""
        values = {"from_seq": from_seq, "upto_seq": upto_seq, "status": "open", "processes": 0, "created_at": now}
        key = self.connection.execute(SILVER.insert().values(**values)).inserted_primary_key
        return int(key[0]) if key else 0

    def commit_silver(self, silver_batch: int, processes: int, kinds: Iterable[str], now: datetime) -> None:
        """Commit the silver batch, which makes its rows visible; `kinds`: of its records other than releases."""
        values = {"status": "committed", "processes": processes, "kinds": kinds, "committed_at": now}
        self.connection.execute(update(SILVER).where(SILVER.c.id == silver_batch).values(**values))

    def silver_after(self, after: int, upto: int | None = None) -> list[SilverBatch]:
        """Committed silver batches with an id above `after`, oldest first."""
        query = select(SILVER.c.id, SILVER.c.from_seq, SILVER.c.upto_seq, SILVER.c.processes, SILVER.c.kinds).where(
            SILVER.c.id > after, SILVER.c.status == "committed"
        )
        if upto is not None:
            query = query.where(SILVER.c.id <= upto)
        return [SilverBatch(*row) for row in self.connection.execute(query.order_by(SILVER.c.id))]
