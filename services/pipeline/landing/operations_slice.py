"""Applies the operations of a job of type `raw` to the current records, one after the other.

An operation sees the results of the operations and jobs before it, including those landed in the same run. An operation
that can't be applied is refused with the reason; in an atomic request all others are refused with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from domain.jobs.job import Job, JobCounts, JobError
from domain.pipeline.batch import Batch
from domain.raw_records.audit import NewAuditEntry
from domain.raw_records.operations import Op, Operation, Operations, Outcome, Result, line_of, read_operations
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, SourceLocation, ValidationResult, refused
from domain.raw_records.versions import CurrentVersion, RecordKey
from domain.shared.errors import InvalidError
from domain.shared.exact_json import dumps, loads
from domain.shared.json_merge_patch import merge_patch
from domain.validation.elements import validate_element
from services.pipeline.landing.validated_slice import ValidatedSlice
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork

DELETED_HASH = b"\0" * 16  # the content hash of a tombstone
STATUS_OF_REFUSAL = {"not_found": 404, "version_conflict": 412}


class RecordState(NamedTuple):
    """A record between two operations; `payload` is None unless an operation of the same run wrote or needs it."""

    version: int
    content_hash: bytes
    deleted: bool
    ocid: str | None
    payload: bytes | None


@dataclass
class ValidatedOperations(ValidatedSlice):
    """The operations of one job; `compare` sets their outcomes."""

    parts: Parts | None = None
    operations: Operations = field(default_factory=lambda: Operations(items=()))
    purged: list[tuple[RecordKey, str | None, int]] = field(default_factory=list)
    _states: dict[RecordKey, RecordState] = field(default_factory=dict)
    _puts: dict[int, list[ValidationResult]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of operations."""
        return len(self.operations.items)

    def keys(self) -> set[RecordKey]:
        """The keys of the records of all operations; puts without an id are identified by their payload."""
        named = {(str(one.kind), one.id) for one in self.operations.items if one.id}
        self._puts = {
            position: self._validate(one, one.payload, position)
            for position, one in enumerate(self.operations.items)
            if one.op is Op.PUT and not one.refusal
        }
        return named | {
            (str(one.kind), one.record_id)
            for verdicts in self._puts.values()
            for one in verdicts
            if isinstance(one, AcceptedRecord)
        }

    def assign_own_ids(self, current: Mapping[RecordKey, CurrentVersion], work: ReadUnitOfWork) -> set[RecordKey]:  # pylint: disable=unused-argument
        """None: operations name their records, so a repeated id is a new version."""
        return set()

    def compare(
        self, current: Mapping[RecordKey, CurrentVersion], earlier: Sequence[ValidatedSlice] = ()
    ) -> dict[RecordKey, CurrentVersion]:
        """Apply the operations to the current versions; returns the versions that are current once they are landed."""
        known = self._payloads(current, earlier)
        self._states = {
            key: RecordState(row.version, row.content_hash, row.deleted, row.ocid, known.get(key))
            for key, row in current.items()
        }
        self.accepted, self.packages, self.refused, self.outcomes, self.purged = [], [], [], [], []
        for position, operation in enumerate(self.operations.items):
            for verdict in self._verdicts(operation, position):
                self._apply(operation, position, verdict)
        if self.operations.atomic and self.refused:
            self._refuse_all()
        self.packages = [None] * len(self.accepted)
        return super().compare(current)

    def counts(self) -> JobCounts:
        """The outcomes of the operations, counted."""
        outcomes = [outcome.outcome for outcome in self.outcomes]
        unchanged, quarantined = outcomes.count(Result.UNCHANGED), outcomes.count(Result.REFUSED)
        return JobCounts(
            received=len(outcomes),
            accepted=len(outcomes) - unchanged - quarantined,
            unchanged=unchanged,
            quarantined=quarantined,
            processes=self.processes,
        )

    def save_extras(self, work: WriteUnitOfWork, now: datetime) -> None:
        """Write the purges to the audit trail, in the transaction that lands the changes; the erase stage reads them
        there.
        """
        if not self.purged:
            return
        job, seq = self.job, work.batches.last_seq()
        purged = [(Kind(kind), record_id, ocid, version) for (kind, record_id), ocid, version in self.purged]
        work.audit.add(
            [
                NewAuditEntry(now, job.actor, kind, record_id, ocid, job.id, version, seq)
                for kind, record_id, ocid, version in purged
            ]
        )

    def failure(self, counts: JobCounts) -> JobError:  # pylint: disable=unused-argument
        """The error of a job none of whose operations could be applied."""
        refusals = [
            outcome for outcome in self.outcomes if outcome.outcome is Result.REFUSED and outcome.code != "atomic"
        ]
        if len(self.outcomes) == 1 and refusals:
            outcome = refusals[0]
            status = STATUS_OF_REFUSAL.get(outcome.code or "", 422)
            return JobError(
                title="The change was refused", detail=str(outcome.reason), status=status, code=outcome.code
            )
        detail = f"{len(refusals)} of {len(self.outcomes)} elements were refused" + (
            ", and the others with them" if self.operations.atomic else ""
        )
        return JobError(title="No change was made", detail=f"{detail}; see the outcomes for the reasons.")

    def _verdicts(self, operation: Operation, position: int) -> list[ValidationResult]:
        if operation.refusal is not None:
            return [self._refusal(operation, position, *operation.refusal)]
        if operation.op is Op.PUT:
            return self._check_ids(operation, self._puts[position], position)
        key = (str(operation.kind), operation.id or "")
        state = self._states.get(key)
        if state is None or (state.deleted and operation.op is not Op.PURGE):
            reason = f"there is no record {operation.id} of {operation.kind}"
            return [self._refusal(operation, position, "not_found", reason)]
        if operation.op is not Op.PATCH:
            tombstone = {"date": None, "payload": b"", "content_hash": DELETED_HASH, "deleted": True}
            place = self._place(position)
            return [AcceptedRecord(kind=operation.kind, record_id=key[1], ocid=state.ocid, place=place, **tombstone)]
        patched = merge_patch(loads(state.payload or b"null"), operation.payload)
        return self._check_ids(operation, self._validate(operation, patched, position), position)

    def _check_ids(
        self, operation: Operation, verdicts: list[ValidationResult], position: int
    ) -> list[ValidationResult]:
        """The verdicts; refused are records that are not the one that the operation names, or not the only one."""
        if operation.id is None:
            return verdicts
        reason = f"the record is {operation.id}, but its content makes it"
        return [
            verdict
            if isinstance(verdict, RefusedElement) or (len(verdicts) == 1 and verdict.record_id == operation.id)
            else self._refusal(operation, position, "id_mismatch", f"{reason} {verdict.record_id}")
            for verdict in verdicts
        ]

    def _apply(self, operation: Operation, position: int, verdict: ValidationResult) -> None:
        """Check the preconditions, then make the verdict the record's state and note the outcome."""
        if isinstance(verdict, RefusedElement):
            self._note_refused(operation, position, verdict)
            return
        key = (str(verdict.kind), verdict.record_id)
        state = self._states.get(key, RecordState(0, b"", True, verdict.ocid, None))
        wrong = _precondition(operation, state)
        if wrong:
            self._note_refused(
                operation, position, self._refusal(operation, position, "version_conflict", wrong), key[1]
            )
            return
        same = state.deleted if verdict.deleted else not state.deleted and state.content_hash == verdict.content_hash
        changed = Result.CREATED if state.deleted else Result.UPDATED
        result = Result.UNCHANGED if same else Result.DELETED if verdict.deleted else changed
        version = state.version + (not same)
        if operation.op is Op.PURGE:
            result = Result.DELETED
            self.purged.append((key, state.ocid, version))
        if not same:
            state = RecordState(version, verdict.content_hash, verdict.deleted, verdict.ocid, verdict.payload)
        self._states[key] = state
        self.accepted.append(verdict)
        self.outcomes.append(
            Outcome(position=position, kind=operation.kind, id=key[1], outcome=result, version=version)
        )

    def _note_refused(
        self, operation: Operation, position: int, refusal: RefusedElement, record_id: str | None = None
    ) -> None:
        self.refused.append(refusal)
        about = refusal.model_dump(include={"code", "reason", "path"})
        named = operation.id or record_id
        self.outcomes.append(
            Outcome(position=position, kind=operation.kind, id=named, outcome=Result.REFUSED, version=None, **about)
        )

    def _refuse_all(self) -> None:
        reason = "another element of the request was refused, and the request is atomic"
        about = {"outcome": Result.REFUSED, "version": None, "code": "atomic", "reason": reason}
        self.outcomes = [
            outcome if outcome.outcome is Result.REFUSED else outcome.model_copy(update=about)
            for outcome in self.outcomes
        ]
        self.accepted, self.purged = [], []

    def _validate(self, operation: Operation, payload: Any, position: int) -> list[ValidationResult]:
        try:
            raw = dumps(payload)
        except orjson.JSONEncodeError:
            reason = "objects or arrays are nested too deep to be stored"
            return [self._refusal(operation, position, "too_deep", reason)]
        nothing = f"the payload has no {operation.kind}: its list is empty"
        found = validate_element(raw, self._place(position), operation.kind)
        return found or [self._refusal(operation, position, "no_record", nothing)]

    def _place(self, position: int) -> SourceLocation:
        return SourceLocation(file=self.job.filename or "", line=line_of(position), path="/payload")

    def _refusal(self, operation: Operation, position: int, code: str, reason: str) -> RefusedElement:
        payload = operation.payload
        try:
            text = dumps(payload) if payload is not None else b""
        except orjson.JSONEncodeError:
            text = b""
        ocid = payload.get("ocid") if isinstance(payload, dict) else None
        return refused(self._place(position), code, reason, text, ocid=ocid)

    def _payloads(
        self, current: Mapping[RecordKey, CurrentVersion], earlier: Sequence[ValidatedSlice]
    ) -> dict[RecordKey, bytes]:
        """The payloads before the job of the records that are to be patched."""
        patched = {(str(one.kind), one.id or "") for one in self.operations.items if one.op is Op.PATCH}
        wanted = {key: current[key] for key in patched if key in current and not current[key].deleted}
        found: dict[RecordKey, bytes] = {}
        for one in earlier:
            for index, change in one.new:
                key = (str(change.kind), change.record_id)
                if key in wanted and (wanted[key].batch_id, wanted[key].version) == (one.batch.id, change.version):
                    found[key] = one.accepted[index].payload
        for kind in sorted({key[0] for key in wanted.keys() - found.keys()}):
            found |= self._read(
                kind, {key[1]: row for key, row in wanted.items() if key[0] == kind and key not in found}
            )
        return found

    def _read(self, kind: str, rows: Mapping[str, CurrentVersion]) -> dict[RecordKey, bytes]:
        """Payloads of landed versions, from bronze."""
        assert self.parts is not None  # noqa: S101  `read_operations_slice` sets them
        batches = sorted({row.batch_id for row in rows.values()})
        bronze = self.parts.lake.read_bronze(
            kind, batches, ["batch", "record_id", "version", "payload"], record_ids=sorted(rows)
        )
        wanted = {(row.batch_id, name, row.version) for name, row in rows.items()}
        return {(kind, one[1]): one[3].encode() for one in bronze.iter_rows() if one[:3] in wanted}


def read_operations_slice(parts: Parts, job: Job, batch: Batch) -> ValidatedOperations:
    """All operations of the job. InvalidError if its file is missing or can't be parsed."""
    path = parts.files.path(job.sha256 or "")
    try:
        with path.open("rb") as lines:
            operations = read_operations(lines)
    except FileNotFoundError as error:
        raise InvalidError(f"the stored file {job.sha256} is missing from the data folder") from error
    except ValueError as error:
        raise InvalidError(f"{job.filename} can't be read: {error}") from error
    return ValidatedOperations(job, batch, [], [], [], None, parts=parts, operations=operations)


def _precondition(operation: Operation, state: RecordState) -> str | None:
    """The precondition of the operation that does not hold; None if all hold."""
    version = 0 if state.deleted else state.version
    if operation.if_version is not None and operation.if_version != version:
        return (
            f"the record is at version {version}, not at {operation.if_version}"
            if version
            else "the record no longer exists"
        )
    if operation.exists is not None and operation.exists == state.deleted:
        return "the record exists already" if operation.exists is False else "the record does not exist"
    return None
