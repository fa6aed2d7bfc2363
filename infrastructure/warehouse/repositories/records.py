"""The catalogue of raw records: current versions, and where older ones lie."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from domain.changes import Change, Current, Key
from domain.errors import LostRaceError
from domain.record import Kind
from infrastructure.warehouse.ledger import BatchRow, RecordRow, VersionRow
from infrastructure.warehouse.repositories.base import Repository, chunks, table

RECORD, VERSION, BATCH = table(RecordRow), table(VersionRow), table(BatchRow)


COLUMNS = [RECORD.c[name] for name in Current._fields]


class Records(Repository):
    """The table of current versions, one row a record."""

    def current(self, kind: str, record_ids: Iterable[str]) -> dict[str, Current]:
        """The current versions, deleted ones included, of those that exist."""
        found: dict[str, Current] = {}
        for part in chunks(record_ids):
            query = select(*COLUMNS).where(RECORD.c.kind == kind, RECORD.c.record_id.in_(part))
            found.update((row.record_id, Current(*row)) for row in self.connection.execute(query))
        return found

    def current_of(self, keys: Iterable[Key]) -> dict[Key, Current]:
        """The current versions, deleted ones included, of those that exist."""
        named: dict[str, set[str]] = defaultdict(set)
        for kind, record_id in keys:
            named[kind].add(record_id)
        return {(kind, one): row for kind, ids in named.items() for one, row in self.current(kind, ids).items()}

    def of_ocids(self, kind: str, ocids: Iterable[str]) -> list[Current]:
        """The current, undeleted records of the processes."""
        found: list[Current] = []
        for part in chunks(ocids):
            query = select(*COLUMNS).where(RECORD.c.ocid.in_(part), RECORD.c.kind == kind, RECORD.c.deleted.is_(False))
            found.extend(Current(*row) for row in self.connection.execute(query))
        return found

    def all(self, kind: str) -> Iterator[Current]:
        """Every record's current version, deleted ones included."""
        return (Current(*row) for row in self.connection.execute(select(*COLUMNS).where(RECORD.c.kind == kind)))

    def ocids(self, kind: str) -> list[str]:
        """The processes that have a record."""
        query = select(RECORD.c.ocid).where(RECORD.c.kind == kind, RECORD.c.deleted.is_(False), RECORD.c.ocid.is_not(None)).distinct()
        return list(self.connection.execute(query).scalars())

    def of_job(self, ocids: Iterable[str], job_id: str) -> set[str]:
        """Those of the processes that the job's earlier batches touched already."""
        found: set[str] = set()
        for part in chunks(ocids):
            query = (
                select(RECORD.c.ocid)
                .join(BATCH, BATCH.c.id == RECORD.c.batch_id)
                .where(RECORD.c.kind == Kind.RELEASES, RECORD.c.ocid.in_(part), BATCH.c.job_id == job_id)
            )
            found.update(self.connection.execute(query).scalars())
        return found

    def touched_by(self, kind: str, batch_ids: Sequence[int]) -> list[str]:
        """The processes of which these batches hold a version, current or not."""
        older = select(VERSION.c.record_id).where(VERSION.c.kind == kind, VERSION.c.batch_id.in_(batch_ids))
        query = select(RECORD.c.ocid).where(RECORD.c.kind == kind, RECORD.c.ocid.is_not(None))
        found = self.connection.execute(query.where(RECORD.c.batch_id.in_(batch_ids) | RECORD.c.record_id.in_(older))).scalars()
        return sorted(set(found))

    def held_by(self, kind: str, batch_ids: Sequence[int]) -> list[str]:
        """The records of which these batches hold a version, current or not."""
        older = select(VERSION.c.record_id).where(VERSION.c.kind == kind, VERSION.c.batch_id.in_(batch_ids))
        query = select(RECORD.c.record_id).where(RECORD.c.kind == kind)
        return sorted(self.connection.execute(query.where(RECORD.c.batch_id.in_(batch_ids) | RECORD.c.record_id.in_(older))).scalars())

    def ids(self, kind: str) -> list[str]:
        """Every record's id, deleted ones included, in order."""
        return list(self.connection.execute(select(RECORD.c.record_id).where(RECORD.c.kind == kind).order_by(RECORD.c.record_id)).scalars())

    def apply(self, batch_id: int, changes: Sequence[Change]) -> None:
        """Make the changes current. LostRaceError as for `_apply`."""
        for kind in sorted({change.kind for change in changes}):
            self._apply(kind, batch_id, [change for change in changes if change.kind == kind])

    def _apply(self, kind: str, batch_id: int, changes: Sequence[Change]) -> None:
        """Make the changes of a kind current. LostRaceError where a record is no longer at the version that a change builds on."""
        last = {change.record_id: change for change in changes}
        new = [change for change in last.values() if change.before is None]
        if new:
            if self.current(kind, [change.record_id for change in new]):
                raise LostRaceError("another batch added one of these records first")
            self.connection.execute(RECORD.insert(), [_fresh(kind, batch_id, change) for change in new])
        replaced = [(change, change.before) for change in last.values() if change.before is not None]
        if replaced:
            self._replace(kind, batch_id, replaced)
        older = [_superseded(kind, before) for _, before in replaced]
        older += [_passed(kind, batch_id, change) for change in changes if last[change.record_id] is not change]
        if older:
            self.connection.execute(VERSION.insert(), older)

    def _replace(self, kind: str, batch_id: int, replaced: Sequence[tuple[Change, Current]]) -> None:
        where = (RECORD.c.kind == kind, RECORD.c.record_id == bindparam("b_id"), RECORD.c.version == bindparam("b_before"))
        names = ("ocid", "version", "content_hash", "deleted")
        statement = update(RECORD).where(*where).values(batch_id=batch_id, **{name: bindparam(f"b_{name}") for name in names})
        rows = [{f"b_{name}": getattr(change, name) for name in names} | {"b_id": change.record_id, "b_before": before.version} for change, before in replaced]
        if self.connection.execute(statement, rows).rowcount != len(rows):
            raise LostRaceError("another batch changed one of these records first")

    def set_aside(self, batch_ids: Sequence[int]) -> None:
        """Put the records of batches that left the log back to their newest version that counts; drop those that have none."""
        rows = self.connection.execute(select(RECORD.c.kind, RECORD.c.record_id).where(RECORD.c.batch_id.in_(batch_ids))).all()
        for kind, record_id in rows:
            mine = (RECORD.c.kind == kind, RECORD.c.record_id == record_id)
            counts = select(BATCH.c.id).where(BATCH.c.status == "committed")
            versions = select(VERSION).where(VERSION.c.kind == kind, VERSION.c.record_id == record_id, VERSION.c.batch_id.in_(counts))
            older = self.connection.execute(versions.order_by(VERSION.c.version.desc()).limit(1)).mappings().first()
            if older is None:
                self.connection.execute(RECORD.delete().where(*mine))
            else:
                values: dict[str, Any] = {name: older[name] for name in ("batch_id", "version", "content_hash", "deleted")}
                self.connection.execute(update(RECORD).where(*mine).values(**values))
            gone = (VERSION.c.kind == kind, VERSION.c.record_id == record_id, VERSION.c.version >= (older["version"] if older else 0))
            self.connection.execute(VERSION.delete().where(*gone))


def _fresh(kind: str, batch_id: int, change: Change) -> dict[str, Any]:
    row = {name: getattr(change, name) for name in ("record_id", "ocid", "version", "content_hash", "deleted")}
    return row | {"kind": kind, "batch_id": batch_id, "first_batch_id": batch_id}


def _superseded(kind: str, before: Current) -> dict[str, Any]:
    row = {name: getattr(before, name) for name in ("record_id", "version", "batch_id", "content_hash", "deleted")}
    return row | {"kind": kind}


def _passed(kind: str, batch_id: int, change: Change) -> dict[str, Any]:
    row = {name: getattr(change, name) for name in ("record_id", "version", "content_hash", "deleted")}
    return row | {"kind": kind, "batch_id": batch_id}
