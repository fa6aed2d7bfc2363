"""Land: the next slice of a job's source becomes a batch of the log.

Handled twice, a message only lands the next slice: a batch counts from the moment its commit puts it into the ledger, in the
same transaction that moves the job's position; what an interrupted attempt appended to bronze carries a batch id that never counts.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl
from loguru import logger

from domain.bronze import BRONZE
from domain.changes import Change, changes
from domain.errors import InvalidError, LostRaceError, TooLargeError
from domain.job import Batch, Counts, Job
from domain.judge import judge
from domain.record import Accepted, Kind, Refused
from services.clock import now
from services.ports import Parts, Slice, Work

DELIVERIES = 3  # a slice that killed its worker this often is set aside
KIND = Kind.RELEASES


def land(parts: Parts, job_id: str) -> None:
    """Land one slice of the job, and send the messages that follow."""
    with parts.warehouse.write() as work:
        job: Job | None = work.jobs.get(job_id)
        if job is None or job.status.final or job.landed:
            return
        work.jobs.start(job_id, now())
        batch: Batch = work.batches.open(job_id, KIND, now())
        if batch.deliveries > DELIVERIES:
            _fail(work, job_id, f"reading on at {job.position or 'its beginning'} ended its worker {DELIVERIES} times; what was landed before stays")
            work.commit()
            return
        work.commit()
    try:
        more = _land_slice(parts, job, batch)
    except (InvalidError, TooLargeError) as error:
        with parts.warehouse.write() as work:
            _fail(work, job_id, error.detail, **error.details)
            work.commit()
        return
    except LostRaceError as error:
        logger.info("land {}: {}; trying again", job_id, error.detail)
        more = True
    parts.messages.send("refine")
    if more:
        parts.messages.send("land", job_id)


def _fail(work: Work, job_id: str, detail: str, **details: Any) -> None:
    logger.warning("job {} failed: {}", job_id, detail)
    work.jobs.fail(job_id, {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}, now())


def _land_slice(parts: Parts, job: Job, batch: Batch) -> bool:
    """Whether there is more to read."""
    piece = parts.sources.read(job.sha256 or "", job.filename or "upload", job.position, parts.batch_records)
    accepted, packages, refused = _judge(piece)
    with parts.warehouse.read() as work:
        new = changes(accepted, work.records.current(KIND, {one.record_id for one in accepted}))
        touched = {change.ocid for _, change in new if change.ocid}
        processes = len(touched - work.records.of_job(touched, job.id))
    if new:
        parts.lake.append_bronze(KIND, batch.id, _rows(batch.id, job, accepted, packages, new))
    unchanged = len(accepted) - len(new)
    counts = Counts(received=len(accepted) + len(refused), accepted=len(new), unchanged=unchanged, quarantined=len(refused), processes=processes)
    with parts.warehouse.write() as work:
        _commit(work, job, batch, new, counts, refused, piece.position)
        work.commit()
    logger.debug("landed batch {} of job {}: {}", batch.id, job.id, counts)
    if piece.position is None:
        parts.sources.release(job.sha256 or "")
    return piece.position is not None


def _judge(piece: Slice) -> tuple[list[Accepted], list[bytes | None], list[Refused]]:
    accepted: list[Accepted] = []
    packages: list[bytes | None] = []
    refused = list(piece.refused)
    for element in piece.elements:
        for verdict in judge(element.raw, element.place):
            if isinstance(verdict, Refused):
                refused.append(verdict)
            else:
                accepted.append(verdict)
                packages.append(orjson.dumps(element.package, option=orjson.OPT_SORT_KEYS) if element.package else None)
    return accepted, packages, refused


def _rows(batch: int, job: Job, accepted: Sequence[Accepted], packages: Sequence[bytes | None], new: Sequence[tuple[int, Change]]) -> pl.DataFrame:
    """Bronze rows of the new versions, ordered by process so that row groups can be skipped."""
    chosen = [accepted[index] for index, _ in new]
    notes = [orjson.dumps([note.model_dump() for note in one.notes]).decode() if one.notes else None for one in chosen]
    columns = {
        "batch": [batch] * len(new),
        "position": [index for index, _ in new],
        "record_id": [one.record_id for one in chosen],
        "version": [change.version for _, change in new],
        "op": ["put"] * len(new),
        "ocid": [one.ocid for one in chosen],
        "date": [one.date for one in chosen],
        "payload": [one.payload.decode() for one in chosen],
        "notes": notes,
        "package": [package.decode() if (package := packages[index]) else None for index, _ in new],
        "file": [one.place.file for one in chosen],
        "sha256": [job.sha256] * len(new),
        "line": [one.place.line for one in chosen],
        "offset": [one.place.offset for one in chosen],
        "element": [one.place.path for one in chosen],
    }
    return pl.DataFrame(columns, schema=BRONZE).sort("ocid", "position")


def _commit(work: Work, job: Job, batch: Batch, new: Sequence[tuple[int, Change]], counts: Counts, refused: Sequence[Refused], position: Any) -> None:
    seq: int | None = None
    if new:
        seq = work.batches.commit(batch, counts, now())
        work.records.apply(KIND, batch.id, [change for _, change in new])
    else:
        work.batches.close_empty(batch, now())
    work.quarantine.add(job.id, batch.id, refused)
    work.jobs.progress(job.id, counts, seq, position)
    if position is None:
        _end(work, job.id)


def _end(work: Work, job_id: str) -> None:
    work.jobs.landed(job_id, now())
    job: Job = work.jobs.get(job_id)
    if not job.counts.accepted and not job.counts.unchanged:
        reason = "it holds no record at all" if not job.counts.quarantined else f"none of its {job.counts.quarantined} records can be used"
        work.jobs.fail(job_id, _nothing_good(reason), now())
        return
    work.jobs.finish_due(work.watermarks.get("index").seq, now())


def _nothing_good(reason: str) -> dict[str, Any]:
    return {"title": "Nothing good in it", "detail": f"The upload was read, but {reason}; its errors say why.", "stage": "land"}
