"""The record catalogue: current versions, and the batches of older ones."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl
from sqlalchemy import bindparam, select, update

from domain.jobs.job import Job
from domain.raw_records.record import Kind
from domain.raw_records.versions import CurrentVersion, NewVersion, RecordKey
from domain.shared.errors import LostRaceError
from infrastructure.warehouse.ledger.tables import BatchRow, JobRow, RecordRow, VersionRow
from infrastructure.warehouse.repository import Repository, chunks, table

RECORD, VERSION, BATCH, JOB = table(RecordRow), table(VersionRow), table(BatchRow), table(JobRow)


COLUMNS = [RECORD.c[name] for name in CurrentVersion._fields]
NEW = {
    "kind": pl.String,
    "record_id": pl.String,
    "ocid": pl.String,
    "batch_id": pl.Int64,
    "first_batch_id": pl.Int64,
    "version": pl.Int64,
}
NEW |= {"content_hash": pl.Binary, "deleted": pl.Boolean}


class RecordCatalogue(Repository):
    """The table `record`: one row per record, with its current version."""

    def current(self, kind: str, record_ids: Iterable[str]) -> dict[str, CurrentVersion]:
        """The current versions of those records that exist, deleted ones included."""
        found: dict[str, CurrentVersion] = {}
        for part in chunks(record_ids):
            query = select(*COLUMNS).where(RECORD.c.kind == kind, self.among(RECORD.c.record_id, part))
            found.update((row.record_id, CurrentVersion(*row)) for row in self.connection.execute(query))
        return found

    def current_of(self, keys: Iterable[RecordKey]) -> dict[RecordKey, CurrentVersion]:
        """The current versions of those records that exist, deleted ones included."""
        return {
            (kind, record): row
            for kind, ids in _by_kind(keys).items()
            for record, row in self.current(kind, ids).items()
        }

    def changed_by_later_jobs(self, keys: Iterable[RecordKey], jobs: Sequence[Job]) -> set[RecordKey]:
        """The records whose current version is by another job, accepted after the last of `jobs` (the first of the
        retries).
        """
        later = (JOB.c.created_at > jobs[-1].created_at, JOB.c.id.not_in([record.id for record in jobs]))
        source = (
            select(RECORD.c.record_id)
            .join(BATCH, BATCH.c.id == RECORD.c.batch_id)
            .join(JOB, JOB.c.id == BATCH.c.job_id)
        )
        found: set[RecordKey] = set()
        for kind, ids in _by_kind(keys).items():
            for part in chunks(ids):
                query = source.where(RECORD.c.kind == kind, self.among(RECORD.c.record_id, part), *later)
                found.update((kind, record) for record in self.connection.execute(query).scalars())
        return found

    def current_of_ocids(self, kind: str, ocids: Iterable[str]) -> list[CurrentVersion]:
        """The current, undeleted records of these processes."""
        found: list[CurrentVersion] = []
        for part in chunks(ocids):
            query = select(*COLUMNS).where(
                self.among(RECORD.c.ocid, part), RECORD.c.kind == kind, RECORD.c.deleted.is_(False)
            )
            found.extend(CurrentVersion(*row) for row in self.connection.execute(query))
        return found

    def any(self) -> bool:
        """Whether the catalogue has a record."""
        return self.connection.execute(select(RECORD.c.id).limit(1)).first() is not None

    def all(self, kind: str) -> Iterator[CurrentVersion]:
        """The current version of every record, deleted ones included."""
        return (CurrentVersion(*row) for row in self.connection.execute(select(*COLUMNS).where(RECORD.c.kind == kind)))

    def ocids(self, kind: str) -> list[str]:
        """The processes with an undeleted record."""
        query = (
            select(RECORD.c.ocid)
            .where(RECORD.c.kind == kind, RECORD.c.deleted.is_(False), RECORD.c.ocid.is_not(None))
            .distinct()
        )
        return list(self.connection.execute(query).scalars())

    def ocids_of_job(self, ocids: Iterable[str], job_id: str) -> set[str]:
        """The processes that earlier batches of the job have changed."""
        found: set[str] = set()
        for part in chunks(ocids):
            query = (
                select(RECORD.c.ocid)
                .join(BATCH, BATCH.c.id == RECORD.c.batch_id)
                .where(RECORD.c.kind == Kind.RELEASES, self.among(RECORD.c.ocid, part), BATCH.c.job_id == job_id)
            )
            found.update(self.connection.execute(query).scalars())
        return found

    def touched_by(self, kind: str, key: str, batch_ids: Sequence[int]) -> list[str]:
        """The ocids or record ids (column `key`) of the records with a version in these batches, current or not."""
        older = select(VERSION.c.record_id).where(VERSION.c.kind == kind, VERSION.c.batch_id.in_(batch_ids))
        query = select(RECORD.c[key]).distinct().where(RECORD.c.kind == kind, RECORD.c[key].is_not(None))
        touched = RECORD.c.batch_id.in_(batch_ids) | RECORD.c.record_id.in_(older)
        return sorted(self.connection.execute(query.where(touched)).scalars())

    def ids(self, kind: str) -> list[str]:
        """The ids of all records, deleted ones included, in order."""
        return list(
            self.connection.execute(
                select(RECORD.c.record_id).where(RECORD.c.kind == kind).order_by(RECORD.c.record_id)
            ).scalars()
        )

    def apply(self, changes: Sequence[tuple[int, NewVersion]]) -> None:
        """Make these versions current, each with its batch; later ones build on earlier ones.

        LostRaceError if a record is no longer at the version that its first change builds on.
        """
        for kind in sorted({change.kind for _, change in changes}):
            self._apply(kind, [(batch_id, change) for batch_id, change in changes if change.kind == kind])

    def _apply(self, kind: str, changes: Sequence[tuple[int, NewVersion]]) -> None:
        last = {change.record_id: (batch_id, change) for batch_id, change in changes}
        first = {change.record_id: (batch_id, change.before) for batch_id, change in reversed(changes)}
        new = [name for name, (_, before) in first.items() if before is None]
        if new:
            if self.current(kind, new):
                raise LostRaceError("another batch added one of these records first")
            self.insert_frame(RECORD, _new_rows(kind, [(*last[name], first[name][0]) for name in new]))
        replaced = [(*last[name], before) for name, (_, before) in first.items() if before is not None]
        if replaced:
            self._replace(kind, replaced)
        older = [_row(kind, before.batch_id, before) for _, _, before in replaced]
        older += [
            _row(kind, batch_id, change) for batch_id, change in changes if last[change.record_id][1] is not change
        ]
        if older:
            self.connection.execute(VERSION.insert(), older)

    def _replace(self, kind: str, replaced: Sequence[tuple[int, NewVersion, CurrentVersion]]) -> None:
        where = (
            RECORD.c.kind == kind,
            RECORD.c.record_id == bindparam("b_record_id"),
            RECORD.c.version == bindparam("b_before"),
        )
        names = ("batch_id", "ocid", "version", "content_hash", "deleted")
        statement = update(RECORD).where(*where).values(**{name: bindparam(f"b_{name}") for name in names})
        made = [(_row(kind, batch_id, change) | {"ocid": change.ocid}, before) for batch_id, change, before in replaced]
        rows = [
            {f"b_{name}": row[name] for name in (*names, "record_id")} | {"b_before": before.version}
            for row, before in made
        ]
        if self.connection.execute(statement, rows).rowcount != len(rows):
            raise LostRaceError("another batch changed one of these records first")

    def set_aside(self, batch_ids: Sequence[int]) -> None:
        """Return the records of batches set aside to their newest committed version; delete those without one."""
        rows = self.connection.execute(
            select(RECORD.c.kind, RECORD.c.record_id).where(RECORD.c.batch_id.in_(batch_ids))
        ).all()
        for kind, record_id in rows:
            mine = (RECORD.c.kind == kind, RECORD.c.record_id == record_id)
            counts = select(BATCH.c.id).where(BATCH.c.status == "committed")
            versions = select(VERSION).where(
                VERSION.c.kind == kind, VERSION.c.record_id == record_id, VERSION.c.batch_id.in_(counts)
            )
            older = self.connection.execute(versions.order_by(VERSION.c.version.desc()).limit(1)).mappings().first()
            if older is None:
                self.connection.execute(RECORD.delete().where(*mine))
            else:
                values: dict[str, Any] = {
                    name: older[name] for name in ("batch_id", "version", "content_hash", "deleted")
                }
                self.connection.execute(update(RECORD).where(*mine).values(**values))
            dropped = (
                VERSION.c.kind == kind,
                VERSION.c.record_id == record_id,
                VERSION.c.version >= (older["version"] if older else 0),
            )
            self.connection.execute(VERSION.delete().where(*dropped))


def _by_kind(keys: Iterable[RecordKey]) -> dict[str, set[str]]:
    named: dict[str, set[str]] = defaultdict(set)
    for kind, record_id in keys:
        named[kind].add(record_id)
    return named


def _new_rows(kind: str, versions: Sequence[tuple[int, NewVersion, int]]) -> pl.DataFrame:
    """Rows of new records from (batch id, version, first batch id)."""
    made = [
        (kind, record.record_id, record.ocid, batch_id, first, record.version, record.content_hash, record.deleted)
        for batch_id, record, first in versions
    ]
    return pl.DataFrame(made, schema=NEW, orient="row")


def _row(kind: str, batch_id: int, version: NewVersion | CurrentVersion) -> dict[str, Any]:
    row = {name: getattr(version, name) for name in ("record_id", "version", "content_hash", "deleted")}
    return row | {"kind": kind, "batch_id": batch_id}
