"""A stretch of a job's source, read and judged: what landing puts into bronze, and what it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from domain.bronze import BRONZE
from domain.changes import Change, Current, Key, changes
from domain.files import with_ocid
from domain.job import Batch, Counts, Job
from domain.judges import judge
from domain.operation import Outcome
from domain.record import Accepted, Judgement, Kind, Refused
from domain.repeated import Marks, id_mark, marks, repeated
from services.ports import Parts, Work

FOREIGN = {"not_ocds", "not_an_object"}  # what is refused in files of something else
MOST_ALIKE = 3  # elements one behind the other that are no OCDS and have an entry each


@dataclass
class Judged:
    """`position` is where the job's next slice begins, None at its end; `new` are (index in `accepted`, change)."""

    job: Job
    batch: Batch
    accepted: list[Accepted]
    packages: list[bytes | None]
    refused: list[Refused]
    position: dict[str, Any] | None
    flawed: set[int] = field(default_factory=set)  # of `accepted`, those that count as refused
    left: set[Key] = field(default_factory=set)  # of its records, those that it leaves as they are
    new: list[tuple[int, Change]] = field(default_factory=list)
    processes: int = 0
    marks: Marks = field(default_factory=dict)  # what the job's next slices tell releases apart by
    outcomes: list[Outcome] = field(default_factory=list)  # of the elements of a request, where it was one

    @property
    def size(self) -> int:
        """How many elements were read."""
        return len(self.accepted) + sum(one.elements for one in self.refused)

    def keys(self) -> set[Key]:
        """The records that it may change."""
        return {(str(one.kind), one.record_id) for one in self.accepted}

    def tell_apart(self, current: Mapping[Key, Current], work: Work) -> set[Key]:
        """Give ids of their own to releases whose id stood before in the upload with other content; the records that they are now."""
        changed = [one for one in self.accepted if (row := current.get((str(one.kind), one.record_id))) and row.content_hash != one.content_hash]
        earlier = work.batches.marks(self.job.id, {id_mark(one.record_id) for one in changed}) if self.batch.ordinal and changed else {}
        self.marks = marks(self.accepted) if self.position is not None else {}
        found = repeated(self.accepted, earlier)
        for position, one in found.items():
            self.accepted[position] = one
        return {(str(one.kind), one.record_id) for one in found.values()}

    def compare(self, current: Mapping[Key, Current], earlier: Sequence["Judged"] = ()) -> dict[Key, Current]:  # pylint: disable=unused-argument
        """Find what is new beside the current versions; what is current once this is landed, behind the `earlier` ones of the same go."""
        self.new = changes(self.accepted, current, self.left)
        firsts = {key: row.first_batch_id for key, row in current.items()}
        return {
            (c.kind, c.record_id): Current(
                c.record_id, c.ocid, self.batch.id, firsts.get((c.kind, c.record_id), self.batch.id), c.version, c.content_hash, c.deleted
            )
            for _, c in self.new
        }

    def touched(self) -> set[str]:
        """The processes of the new versions of releases."""
        return {change.ocid for _, change in self.new if change.ocid and change.kind == Kind.RELEASES}

    def kinds(self) -> set[str]:
        """The kinds of records that have a new version."""
        return {str(change.kind) for _, change in self.new}

    def counts(self) -> Counts:
        """What became of the records."""
        good = len(self.accepted) - len(self.flawed)
        new = sum(index not in self.flawed for index, _ in self.new)
        refused = sum(one.elements for one in self.refused)
        return Counts(received=good + refused, accepted=new, unchanged=good - new, quarantined=refused, processes=self.processes)

    def settle(self, work: Work, now: datetime) -> None:
        """Keep what else is to be known, in the transaction that lands it."""

    def nothing_good(self, counts: Counts) -> dict[str, Any]:
        """Why the job failed, of which nothing could be used; `counts` are those of all of it."""
        if not counts.quarantined:
            reason = "there are no releases in it, nor any other records: its lists are empty, or its tables have headings only."
        elif len(self.refused) == 1 and self.refused[0].code in FOREIGN and self.refused[0].elements == counts.quarantined:
            reason = f"nothing in it can be used: {self.refused[0].reason}."
        else:
            reason = f"none of its {counts.quarantined} records can be used; its errors say why."
        return {"title": "Nothing good in it", "detail": f"The upload was read, but {reason}", "stage": "land"}


def read(parts: Parts, job: Job, batch: Batch, limit: int) -> Judged:
    """The job's next `limit` elements, judged. InvalidError, TooLargeError where its file can't be read at all."""
    piece = parts.sources.read(job.sha256 or "", job.filename or "upload", job.position, limit, job.id)
    found = Judged(job, batch, [], [], list(piece.refused), piece.position)
    alike: list[Refused] = []  # elements one behind the other that are no OCDS
    for element in piece.elements:
        raw = with_ocid(element.raw, job.ocid) if job.ocid and element.kind is Kind.DOCUMENTS else element.raw
        verdicts = judge(raw, element.place, element.kind)
        if any(map(_has_two_readings, verdicts)) and element.date_order and (order := element.date_order()):
            verdicts = judge(raw, element.place, element.kind, order)
        for verdict in verdicts:
            code = verdict.code if isinstance(verdict, Refused) else ""
            if alike and alike[0].code != code:
                found.refused += _folded(alike)
                alike = []
            if isinstance(verdict, Refused) and code in FOREIGN:
                alike.append(verdict)
                continue
            if isinstance(verdict, Refused):
                found.refused.append(verdict)
            else:
                if element.flaw is not None:
                    found.flawed.add(len(found.accepted))
                    found.refused.append(element.flaw)
                noted = verdict.model_copy(update={"notes": (*element.notes, *verdict.notes)}) if element.notes else verdict
                found.accepted.append(noted)
                found.packages.append(orjson.dumps(element.package, option=orjson.OPT_SORT_KEYS) if element.package else None)
    found.refused += _folded(alike)
    return found


def _has_two_readings(verdict: Judgement) -> bool:
    """Whether a date of it can be read in two ways."""
    codes = [verdict.code] if isinstance(verdict, Refused) else [note.code for note in verdict.notes]
    return "ambiguous_date" in codes


def _folded(alike: list[Refused]) -> list[Refused]:
    """One entry for many elements that are no OCDS: a file of something else is to be told so once, not once an element."""
    if len(alike) <= MOST_ALIKE:
        return alike
    more = len(alike) - 1
    return [alike[0].model_copy(update={"more": more, "reason": f"{alike[0].reason}; nor are the {more:,} elements behind it OCDS"})]


def rows(group: Sequence[Judged], kind: str) -> pl.DataFrame:
    """Bronze rows of the new versions of a kind, ordered by process, else by record, so that row groups can be skipped."""
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
        "notes": [orjson.dumps([note.model_dump() for note in one.notes]).decode() if one.notes else None for one in chosen],
        "package": [package.decode() if (package := one.packages[index]) else None for one, index, _ in new],
        "file": [one.place.file for one in chosen],
        "sha256": [one.job.sha256 for one, _, _ in new],
        "line": [one.place.line for one in chosen],
        "offset": [one.place.offset for one in chosen],
        "element": [one.place.path for one in chosen],
    }
    return pl.DataFrame(columns, schema=BRONZE).sort("ocid" if kind == Kind.RELEASES else "record_id", "batch", "position")
