"""A validated slice of a job's source: the records for bronze, and the refused elements for the quarantine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import polars as pl

from domain.document_files.document_file import with_ocid
from domain.jobs.job import Job, JobCounts, JobError, Position
from domain.lake.bronze import BRONZE
from domain.ocds.repeated_ids import ReleaseMarks, find_repeated_ids, id_mark, release_marks
from domain.pipeline.batch import Batch
from domain.raw_records.operations import Outcome
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, ValidationResult
from domain.raw_records.versions import CurrentVersion, NewVersion, RecordKey, find_new_versions
from domain.validation.elements import validate_element
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork

NOT_OCDS_CODES = {"not_ocds", "not_an_object"}  # refusals of elements in files that are no OCDS
MAX_LISTED_ALIKE = 3  # longer runs of elements that are no OCDS share one quarantine entry


@dataclass
class ValidatedSlice:
    """`position` is that of the job's next slice, None at its end; `new` has (index in `accepted`, new version)."""

    job: Job
    batch: Batch
    accepted: list[AcceptedRecord]
    packages: list[bytes | None]
    refused: list[RefusedElement]
    position: Position | None
    refused_indexes: set[int] = field(default_factory=set)  # indexes in `accepted` of records that count as refused
    kept_keys: set[RecordKey] = field(default_factory=set)  # records that keep their current version
    new: list[tuple[int, NewVersion]] = field(default_factory=list)
    processes: int = 0
    marks: ReleaseMarks = field(default_factory=dict)  # by which the job's next slices recognise repeated release ids
    outcomes: list[Outcome] = field(default_factory=list)  # of operations; empty for files

    @property
    def size(self) -> int:
        """The number of elements read."""
        return len(self.accepted) + sum(one.elements for one in self.refused)

    def keys(self) -> set[RecordKey]:
        """The keys of the records that it may change."""
        return {(str(one.kind), one.record_id) for one in self.accepted}

    def assign_own_ids(self, current: Mapping[RecordKey, CurrentVersion], work: ReadUnitOfWork) -> set[RecordKey]:
        """Give new ids to releases that repeat an id of the upload with other content; returns their new record
        keys.
        """
        changed = [
            one
            for one in self.accepted
            if (row := current.get((str(one.kind), one.record_id))) and row.content_hash != one.content_hash
        ]
        earlier = (
            work.batches.release_marks(self.job.id, {id_mark(one.record_id) for one in changed})
            if self.batch.ordinal and changed
            else {}
        )
        self.marks = release_marks(self.accepted) if self.position is not None else {}
        found = find_repeated_ids(self.accepted, earlier)
        for position, one in found.items():
            self.accepted[position] = one
        return {(str(one.kind), one.record_id) for one in found.values()}

    def compare(
        self,
        current: Mapping[RecordKey, CurrentVersion],
        earlier: Sequence["ValidatedSlice"] = (),  # pylint: disable=unused-argument
    ) -> dict[RecordKey, CurrentVersion]:
        """Find the new versions; returns the versions that are current once this and the `earlier` slices are
        landed.
        """
        self.new = find_new_versions(self.accepted, current, self.kept_keys)
        firsts = {key: row.first_batch_id for key, row in current.items()}
        return {
            (c.kind, c.record_id): CurrentVersion(
                c.record_id,
                c.ocid,
                self.batch.id,
                firsts.get((c.kind, c.record_id), self.batch.id),
                c.version,
                c.content_hash,
                c.deleted,
            )
            for _, c in self.new
        }

    def touched(self) -> set[str]:
        """The processes of the new versions of releases."""
        return {change.ocid for _, change in self.new if change.ocid and change.kind == Kind.RELEASES}

    def kinds(self) -> set[str]:
        """The kinds of records that have a new version."""
        return {str(change.kind) for _, change in self.new}

    def counts(self) -> JobCounts:
        """The elements by outcome, counted."""
        good = len(self.accepted) - len(self.refused_indexes)
        new = sum(index not in self.refused_indexes for index, _ in self.new)
        refused = sum(one.elements for one in self.refused)
        return JobCounts(
            received=good + refused, accepted=new, unchanged=good - new, quarantined=refused, processes=self.processes
        )

    def save_extras(self, work: WriteUnitOfWork, now: datetime) -> None:
        """Write further rows in the transaction that lands the slice; nothing for files."""

    def failure(self, counts: JobCounts) -> JobError:
        """The error of a job without a usable record; `counts` are those of the whole job."""
        if not counts.quarantined:
            reason = "it contains no records: its lists are empty, or its tables have headings only."
        elif (
            len(self.refused) == 1
            and self.refused[0].code in NOT_OCDS_CODES
            and self.refused[0].elements == counts.quarantined
        ):
            reason = f"none of its content can be used: {self.refused[0].reason}."
        else:
            reason = f"none of its {counts.quarantined} records can be used; see its errors for the reasons."
        return JobError(title="No usable record", detail=f"The upload was read, but {reason}")


def read_slice(parts: Parts, job: Job, batch: Batch, limit: int) -> ValidatedSlice:
    """The job's next `limit` elements, validated. InvalidError, TooLargeError if its file can't be read at all."""
    source_slice = parts.sources.read(job.sha256 or "", job.filename or "upload", job.position, limit, job.id)
    found = ValidatedSlice(job, batch, [], [], list(source_slice.refused), source_slice.position)
    alike: list[RefusedElement] = []  # consecutive elements that are no OCDS
    for element in source_slice.elements:
        raw = with_ocid(element.raw, job.ocid) if job.ocid and element.kind is Kind.DOCUMENTS else element.raw
        verdicts = validate_element(raw, element.place, element.kind)
        if any(map(_has_two_readings, verdicts)) and element.date_order and (order := element.date_order()):
            verdicts = validate_element(raw, element.place, element.kind, order)
        for verdict in verdicts:
            code = verdict.code if isinstance(verdict, RefusedElement) else ""
            if alike and alike[0].code != code:
                found.refused += _summarised(alike)
                alike = []
            if isinstance(verdict, RefusedElement) and code in NOT_OCDS_CODES:
                alike.append(verdict)
                continue
            if isinstance(verdict, RefusedElement):
                found.refused.append(verdict)
            else:
                if element.refusal is not None:
                    found.refused_indexes.add(len(found.accepted))
                    found.refused.append(element.refusal)
                noted = (
                    verdict.model_copy(update={"notes": (*element.notes, *verdict.notes)}) if element.notes else verdict
                )
                found.accepted.append(noted)
                found.packages.append(
                    orjson.dumps(element.package, option=orjson.OPT_SORT_KEYS) if element.package else None
                )
    found.refused += _summarised(alike)
    return found


def _has_two_readings(verdict: ValidationResult) -> bool:
    """Whether it has an ambiguous date."""
    codes = [verdict.code] if isinstance(verdict, RefusedElement) else [note.code for note in verdict.notes]
    return "ambiguous_date" in codes


def _summarised(alike: list[RefusedElement]) -> list[RefusedElement]:
    """One refusal for a run of elements that are no OCDS, so that a file of another format gets one error, not one
    each.
    """
    if len(alike) <= MAX_LISTED_ALIKE:
        return alike
    more = len(alike) - 1
    return [
        alike[0].model_copy(
            update={"more": more, "reason": f"{alike[0].reason}; the {more:,} elements after it are no OCDS either"}
        )
    ]


def bronze_rows(group: Sequence[ValidatedSlice], kind: str) -> pl.DataFrame:
    """Bronze rows of the new versions of a kind, by process, else by record, so that row groups can be skipped."""
    new = [(one, index, change) for one in group for index, change in one.new if change.kind == kind]
    chosen = [one.accepted[index] for one, index, _ in new]
    columns = {
        "batch": [one.batch.id for one, _, _ in new],
        "position": [index for _, index, _ in new],
        "record_id": [one.record_id for one in chosen],
        "version": [change.version for _, _, change in new],
        "op": ["delete" if one.deleted else "put" for one in chosen],
        "ocid": [one.ocid for one in chosen],
        "date": [one.date for one in chosen],
        "payload": [None if one.deleted else one.payload.decode() for one in chosen],
        "notes": [
            orjson.dumps([note.model_dump() for note in one.notes]).decode() if one.notes else None for one in chosen
        ],
        "package": [package.decode() if (package := one.packages[index]) else None for one, index, _ in new],
        "file": [one.place.file for one in chosen],
        "sha256": [one.job.sha256 for one, _, _ in new],
        "line": [one.place.line for one in chosen],
        "offset": [one.place.offset for one in chosen],
        "element": [one.place.path for one in chosen],
    }
    return pl.DataFrame(columns, schema=BRONZE).sort(
        "ocid" if kind == Kind.RELEASES else "record_id", "batch", "position"
    )
