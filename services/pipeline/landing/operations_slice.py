"""Raw changes: the operations of a job of type `raw`, applied one after the other to the records as they stand, also to what
the operations and the jobs before them, landed in the same go, have just made of them.

An element that can't be done is refused with the reason and leaves the others alone; in an atomic request it takes them all with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from domain.jobs.job import Job, JobCounts
from domain.pipeline.batch import Batch
from domain.raw_records.audit import NewAuditEntry
from domain.raw_records.operations import Op, Operation, Operations, Outcome, Result, line_of, read_operations
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, SourceLocation, ValidationResult
from domain.raw_records.versions import CurrentVersion, RecordKey
from domain.shared.errors import InvalidError
from domain.shared.exact_json import dumps, loads
from domain.shared.json_merge_patch import merge_patch
from domain.validation.elements import validate_element
from services.pipeline.landing.validated_slice import ValidatedSlice
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork

DELETED_HASH = b"\0" * 16  # the content hash of the end of a record
EXCERPT_CHARACTERS = 2_000  # characters
STATUS_OF_REFUSAL = {"not_found": 404, "version_conflict": 412}


class RecordState(NamedTuple):
    """A record between two operations; `payload` is known for what an operation of the same go made."""

    version: int
    content_hash: bytes
    deleted: bool
    ocid: str | None
    payload: bytes | None


@dataclass
class ValidatedOperations(ValidatedSlice):
    """The operations of one job; `compare` finds out what becomes of each."""

    parts: Parts | None = None
    operations: Operations = field(default_factory=lambda: Operations(items=()))
    purged: list[tuple[RecordKey, str | None, int]] = field(default_factory=list)
    _states: dict[RecordKey, RecordState] = field(default_factory=dict)
    _puts: dict[int, list[ValidationResult]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many operations there are."""
        return len(self.operations.items)

    def keys(self) -> set[RecordKey]:
        """The records that are named; those of puts without an id by their payload."""
        named = {(str(one.kind), one.id) for one in self.operations.items if one.id}
        self._puts = {
            position: self._judge(one, one.payload, position) for position, one in enumerate(self.operations.items) if one.op is Op.PUT and not one.refusal
        }
        return named | {(str(one.kind), one.record_id) for verdicts in self._puts.values() for one in verdicts if isinstance(one, AcceptedRecord)}

    def assign_own_ids(self, current: Mapping[RecordKey, CurrentVersion], work: ReadUnitOfWork) -> set[RecordKey]:  # pylint: disable=unused-argument
        """Operations name their records: one behind the other is a new version."""
        return set()

    def compare(self, current: Mapping[RecordKey, CurrentVersion], earlier: Sequence[ValidatedSlice] = ()) -> dict[RecordKey, CurrentVersion]:
        """What the operations make of the records, and what is current once that is landed."""
        known = self._payloads(current, earlier)
        self._states = {key: RecordState(row.version, row.content_hash, row.deleted, row.ocid, known.get(key)) for key, row in current.items()}
        self.accepted, self.packages, self.refused, self.outcomes, self.purged = [], [], [], [], []
        for position, one in enumerate(self.operations.items):
            for verdict in self._verdicts(one, position):
                self._take(one, position, verdict)
        if self.operations.atomic and self.refused:
            self._refuse_all()
        self.packages = [None] * len(self.accepted)
        return super().compare(current)

    def counts(self) -> JobCounts:
        """What became of the operations."""
        made = [one.outcome for one in self.outcomes]
        unchanged, refused = made.count(Result.UNCHANGED), made.count(Result.REFUSED)
        accepted = len(made) - unchanged - refused
        return JobCounts(received=len(made), accepted=accepted, unchanged=unchanged, quarantined=refused, processes=self.processes)

    def save_extras(self, work: WriteUnitOfWork, now: datetime) -> None:
        """Keep what is to be erased, in the transaction that lands the changes."""
        if not self.purged:
            return
        job, seq = self.job, work.batches.last_seq()
        purged = [(Kind(kind), record_id, ocid, version) for (kind, record_id), ocid, version in self.purged]
        work.audit.add([NewAuditEntry(now, job.actor, kind, record_id, ocid, job.id, version, seq) for kind, record_id, ocid, version in purged])

    def failure(self, counts: JobCounts) -> dict[str, Any]:  # pylint: disable=unused-argument
        """Why the job failed, where no operation could be done."""
        refused = [one for one in self.outcomes if one.outcome is Result.REFUSED and one.code != "atomic"]
        if len(self.outcomes) == 1 and refused:
            one = refused[0]
            return {
                "title": "The change was refused",
                "status": STATUS_OF_REFUSAL.get(one.code or "", 422),
                "detail": one.reason,
                "code": one.code,
                "stage": "land",
            }
        detail = f"{len(refused)} of {len(self.outcomes)} elements were refused" + (", and with them the others" if self.operations.atomic else "")
        return {"title": "No change was made", "detail": f"{detail}; the outcomes say why.", "stage": "land"}

    def _verdicts(self, one: Operation, position: int) -> list[ValidationResult]:
        if one.refusal is not None:
            return [self._refusal(one, position, *one.refusal)]
        if one.op is Op.PUT:
            verdicts = self._puts[position]
            return [self._named(one, verdict, position, alone=len(verdicts) == 1) for verdict in verdicts]
        key = (str(one.kind), one.id or "")
        state = self._states.get(key)
        if state is None or (state.deleted and one.op is not Op.PURGE):
            return [self._refusal(one, position, "not_found", f"there is no record {one.id} of {one.kind}")]
        if one.op is not Op.PATCH:
            place = self._place(position)
            return [
                AcceptedRecord(kind=one.kind, record_id=key[1], ocid=state.ocid, date=None, payload=b"", content_hash=DELETED_HASH, place=place, deleted=True)
            ]
        verdicts = self._judge(one, merge_patch(loads(state.payload or b"null"), one.payload), position)
        return [self._named(one, verdict, position, alone=len(verdicts) == 1) for verdict in verdicts]

    def _named(self, one: Operation, verdict: ValidationResult, position: int, *, alone: bool) -> ValidationResult:
        """The verdict, unless it is of another record than the operation names."""
        if isinstance(verdict, RefusedElement) or one.id is None or (alone and verdict.record_id == one.id):
            return verdict
        return self._refusal(one, position, "id_mismatch", f"the record is {one.id}, but its content makes it {verdict.record_id}")

    def _take(self, one: Operation, position: int, verdict: ValidationResult) -> None:
        """Make the verdict's state the record's, and note the outcome."""
        if isinstance(verdict, RefusedElement):
            self._note_refused(one, position, verdict)
            return
        key = (str(verdict.kind), verdict.record_id)
        state = self._states.get(key, RecordState(0, b"", True, verdict.ocid, None))
        wrong = _precondition(one, state)
        if wrong:
            self._note_refused(one, position, self._refusal(one, position, "version_conflict", wrong), key[1])
            return
        same = state.deleted if verdict.deleted else not state.deleted and state.content_hash == verdict.content_hash
        result = Result.UNCHANGED if same else Result.DELETED if verdict.deleted else Result.CREATED if state.deleted else Result.UPDATED
        version = state.version + (not same)
        if one.op is Op.PURGE:
            result = Result.DELETED
            self.purged.append((key, state.ocid, version))
        self._states[key] = RecordState(version, verdict.content_hash, verdict.deleted, verdict.ocid, verdict.payload) if not same else state
        self.accepted.append(verdict)
        self.outcomes.append(Outcome(position=position, kind=one.kind, id=key[1], outcome=result, version=version))

    def _note_refused(self, one: Operation, position: int, refused: RefusedElement, record_id: str | None = None) -> None:
        self.refused.append(refused)
        about = {"code": refused.code, "reason": refused.reason, "path": refused.path}
        self.outcomes.append(Outcome(position=position, kind=one.kind, id=one.id or record_id, outcome=Result.REFUSED, version=None, **about))

    def _refuse_all(self) -> None:
        reason = "another element of the request was refused, and it is to be done as a whole or not at all"
        about = {"outcome": Result.REFUSED, "version": None, "code": "atomic", "reason": reason}
        self.outcomes = [one if one.outcome is Result.REFUSED else one.model_copy(update=about) for one in self.outcomes]
        self.accepted, self.purged = [], []

    def _judge(self, one: Operation, payload: Any, position: int) -> list[ValidationResult]:
        try:
            raw = dumps(payload)
        except orjson.JSONEncodeError:
            return [self._refusal(one, position, "too_deep", "objects or arrays are nested too deep to be kept")]
        nothing = f"it holds none of the {one.kind}: its list is empty"
        return validate_element(raw, self._place(position), one.kind) or [self._refusal(one, position, "no_record", nothing)]

    def _place(self, position: int) -> SourceLocation:
        return SourceLocation(file=self.job.filename or "", line=line_of(position), path="/payload")

    def _refusal(self, one: Operation, position: int, code: str, reason: str) -> RefusedElement:
        try:
            excerpt = dumps(one.payload).decode()[:EXCERPT_CHARACTERS] if one.payload is not None else ""
        except orjson.JSONEncodeError:
            excerpt = ""
        ocid = one.payload.get("ocid") if isinstance(one.payload, dict) else None
        return RefusedElement(place=self._place(position), code=code, reason=reason, excerpt=excerpt, ocid=ocid if isinstance(ocid, str) else None)

    def _payloads(self, current: Mapping[RecordKey, CurrentVersion], earlier: Sequence[ValidatedSlice]) -> dict[RecordKey, bytes]:
        """The payloads of the records that are to be patched, as they stand before the job."""
        patched = {(str(one.kind), one.id or "") for one in self.operations.items if one.op is Op.PATCH}
        wanted = {key: current[key] for key in patched if key in current and not current[key].deleted}
        found: dict[RecordKey, bytes] = {}
        for one in earlier:
            for index, change in one.new:
                key = (str(change.kind), change.record_id)
                if key in wanted and (wanted[key].batch_id, wanted[key].version) == (one.batch.id, change.version):
                    found[key] = one.accepted[index].payload
        for kind in sorted({key[0] for key in wanted.keys() - found.keys()}):
            found |= self._read(kind, {key[1]: row for key, row in wanted.items() if key[0] == kind and key not in found})
        return found

    def _read(self, kind: str, rows: Mapping[str, CurrentVersion]) -> dict[RecordKey, bytes]:
        """Payloads of versions that were landed before."""
        assert self.parts is not None  # noqa: S101  `read_raw` gives them
        batches = sorted({row.batch_id for row in rows.values()})
        bronze = self.parts.lake.read_bronze(kind, batches, ["batch", "record_id", "version", "payload"], record_ids=sorted(rows))
        wanted = {(row.batch_id, name, row.version) for name, row in rows.items()}
        return {(kind, one[1]): one[3].encode() for one in bronze.iter_rows() if one[:3] in wanted}


def read_operations_slice(parts: Parts, job: Job, batch: Batch) -> ValidatedOperations:
    """All operations of the job. InvalidError where its file is gone, or holds none."""
    path = parts.files.path(job.sha256 or "")
    try:
        with path.open("rb") as lines:
            operations = read_operations(lines)
    except FileNotFoundError as error:
        raise InvalidError(f"the raw file {job.sha256} is gone from the data folder") from error
    except ValueError as error:
        raise InvalidError(f"{job.filename} can't be read: {error}") from error
    return ValidatedOperations(job, batch, [], [], [], None, parts=parts, operations=operations)


def _precondition(one: Operation, state: RecordState) -> str | None:
    """What does not hold of it."""
    version = 0 if state.deleted else state.version
    if one.if_version is not None and one.if_version != version:
        return f"the record is at version {version}, not at {one.if_version}" if version else "the record is not there any more"
    if one.exists is not None and one.exists == state.deleted:
        return "the record is there already" if one.exists is False else "the record is not there"
    return None
