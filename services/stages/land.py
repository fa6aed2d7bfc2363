"""Land: the next slice of a job's source becomes a batch of the log; small jobs that wait behind it are landed with it.

Handled twice, a message only lands the next slice: a batch counts from the moment its commit puts it into the ledger, in the
same transaction that moves the job's position; what an interrupted attempt appended to bronze carries a batch id that never counts.
"""

from collections.abc import Sequence
from typing import Any

from loguru import logger

from domain.changes import Current, Key
from domain.errors import InvalidError, LostRaceError, TooLargeError
from domain.job import Batch, Job, JobStatus
from services.clock import now
from services.ports import Parts, Work
from services.stages.judged import Judged, read, rows

DELIVERIES = 3  # a slice that killed its worker this often is set aside
TOGETHER = 64  # waiting jobs that are landed in one go at most: a burst of single records costs a few runs


def land(parts: Parts, job_id: str) -> None:
    """Land one slice of the job, and the first slices of waiting jobs while they fit; send the messages that follow."""
    claimed = _claim(parts, job_id)
    if claimed is None:
        return
    group = _read(parts, *claimed, parts.batch_records)
    if group and group[0].position is None and group[0].batch.deliveries == 1:
        group += _waiting(parts, parts.batch_records - len(group[0].accepted))
    again = {one.job.id for one in group if one.position is not None}
    try:
        _land(parts, group)
    except LostRaceError as error:
        logger.info("land {}: {}; trying again", job_id, error.detail)
        again = {one.job.id for one in group}
    for one in group:
        if one.job.id not in again:
            parts.sources.release(one.job.sha256 or "")
    parts.messages.send("refine")
    for waiting in sorted(again):
        parts.messages.send("land", waiting)


def _claim(parts: Parts, job_id: str) -> tuple[Job, Batch] | None:
    """The job with a fresh batch, or None where nothing of it is left to land."""
    with parts.warehouse.read() as work:
        found: Job | None = work.jobs.get(job_id)
        if found is None or found.status.final or found.landed:
            if found is not None and found.status is JobStatus.CANCELLED:
                parts.sources.release(found.sha256 or "")
            return None
    with parts.warehouse.write() as work:
        job: Job = work.jobs.get(job_id)
        work.jobs.start(job_id, now())
        batch: Batch = work.batches.open(job_id, now())
        over = batch.deliveries > DELIVERIES
        if over:
            _fail(work, job_id, f"reading on at {job.position or 'its beginning'} ended its worker {DELIVERIES} times; what was landed before stays")
        work.commit()
    return None if over else (job, batch)


def _waiting(parts: Parts, room: int) -> list[Judged]:
    """Jobs that nobody began yet, oldest first, read while there is room; those left over have messages of their own."""
    with parts.warehouse.read() as work:
        waiting = work.jobs.waiting(TOGETHER) if room > 0 else []
    if not waiting:
        return []
    with parts.warehouse.write() as work:
        claimed = [(job, work.batches.open(job.id, now())) for job in work.jobs.claim(waiting, now())]
        work.commit()
    group: list[Judged] = []
    left: list[Batch] = []
    for job, batch in claimed:
        if room <= 0:
            left.append(batch)
            continue
        found = _read(parts, job, batch, room)
        group += found
        room -= sum(len(one.accepted) + len(one.refused) for one in found)
    if left:
        with parts.warehouse.write() as work:
            work.batches.give_back(left)
            work.commit()
    return group


def _read(parts: Parts, job: Job, batch: Batch, limit: int) -> list[Judged]:
    """The job's next slice; none, and the job has failed, where its file can't be read at all."""
    try:
        return [read(parts, job, batch, limit)]
    except (InvalidError, TooLargeError) as error:
        with parts.warehouse.write() as work:
            _fail(work, job.id, error.detail, **error.details)
            work.commit()
        return []


def _fail(work: Work, job_id: str, detail: str, **details: Any) -> None:
    logger.warning("job {} failed: {}", job_id, detail)
    work.jobs.fail(job_id, {"title": "The upload could not be landed", "detail": detail, "stage": "land", **details}, now())


def _land(parts: Parts, group: Sequence[Judged]) -> None:
    """Append the group's new versions to bronze, and commit its batches, in order of their jobs, all at once."""
    with parts.warehouse.read() as work:
        current: dict[Key, Current] = work.records.current_of((record.kind, record.record_id) for one in group for record in one.accepted)
        for one in group:
            current |= one.compare(current)
            one.processes = len(one.touched() - work.records.of_job(one.touched(), one.job.id))
    new = [one for one in group if one.new]
    for kind in sorted({kind for one in new for kind in one.kinds()}):
        having = [one for one in new if kind in one.kinds()]
        parts.lake.append_bronze(kind, having[0].batch.id, rows(having, kind))
    with parts.warehouse.write() as work:
        if ended := work.jobs.ended([one.job.id for one in group]):
            raise LostRaceError(f"job {ended[0]} was ended meanwhile")  # what follows builds on the versions of all of them
        for one in group:
            _commit(work, one)
        work.commit()
    for one in group:
        logger.debug("landed batch {} of job {}: {}", one.batch.id, one.job.id, one.counts())


def _commit(work: Work, one: Judged) -> None:
    seq: int | None = None
    if one.new:
        seq = work.batches.commit(one.batch, one.counts(), one.kinds(), now())
        work.records.apply(one.batch.id, [change for _, change in one.new])
    else:
        work.batches.close_empty(one.batch, now())
    work.quarantine.add(one.job.id, one.batch.id, one.refused)
    work.jobs.progress(one.job.id, one.counts(), seq, one.position)
    if one.position is None:
        _end(work, one.job.id)


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
