"""The export stage: writes the file of an export job. A killed run is repeated by the sweep."""

from datetime import timedelta

from loguru import logger

from domain.jobs.job import Job, JobError
from domain.shared.errors import GoneError, RetryableError, TenderlakeError
from services.exports.orders import EXPORT_ACTOR, delete_exports, write_export
from services.pipeline.stage import LeasedStage, disk_is_full
from services.ports.parts import Parts
from services.shared.clock import now

KEPT = timedelta(hours=24)  # files of exports
TIME_LIMIT_SECONDS = 4 * 3_600
ERASED = GoneError("a record was purged meanwhile, which the file might still hold; export again")


def _run(parts: Parts, job_id: str) -> None:
    """Write the file of the job, unless it has ended; delete files that are no longer kept."""
    with parts.warehouse.read() as work:
        job, requested, expired = work.jobs.get(job_id), work.exports.get(job_id), work.exports.expired(now())
    if expired:
        delete_exports(parts.warehouse, parts.exports, expired)
    if job is None or job.status.final or disk_is_full(parts, EXPORT_ACTOR):
        return
    if requested is None:
        _fail(parts, job, ERASED)
        return
    with parts.warehouse.write() as work:
        work.jobs.start([job_id], now())
        work.commit()
    try:
        with write_export(parts.warehouse, parts.exports, requested.order) as file:
            size = parts.exports.save(job_id, file)
    except RetryableError:
        raise
    except TenderlakeError as error:
        _fail(parts, job, error)
        return
    with parts.warehouse.write() as work:
        erased = work.exports.get(job_id) is None
        work.exports.finish(job_id, now() + KEPT)
        if not erased:
            work.jobs.succeed(job_id, now())
        work.commit()
    if erased:
        parts.exports.delete(job_id)
        _fail(parts, job, ERASED)
        return
    logger.info("export {}: {} of {:,} bytes", job_id, job.filename, size)


def _fail(parts: Parts, job: Job, error: TenderlakeError) -> None:
    with parts.warehouse.write() as work:
        work.jobs.fail(job.id, JobError(title=error.title, detail=error.detail, stage=EXPORT_ACTOR), now())
        work.commit()
    logger.warning("export {} failed: {}", job.id, error.detail)


export = LeasedStage(
    name=EXPORT_ACTOR,
    run=_run,
    idle=lambda work, _since: [(job_id,) for job_id in work.exports.unfinished()],
    priority=2,
    time_limit_seconds=TIME_LIMIT_SECONDS,
)
