"""Sets aside the batch on which a stage fails again and again, so that the log goes on without it."""

from loguru import logger

from domain.jobs.job import JobCounts, JobError
from domain.lake.bronze import touches
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from services.ports.parts import Parts
from services.shared.clock import now

KEYS = dict.fromkeys(Kind, "record_id") | {Kind.RELEASES: "ocid"}  # what refine takes again of a kind


def set_aside(parts: Parts, mark: Watermark, reason: str) -> None:
    """Take the stage's next batches out of the log, and fail their jobs with the reason.

    Their records return to the versions before them. Earlier stages may have used those already (refine runs ahead of
    publish), so a batch of touches makes refine compile the processes again. It is written first: if the worker ends in
    between, that batch is never committed and all of this is repeated.
    """
    with parts.warehouse.write() as work:
        silver_batch, batches = work.batches.next_batches(mark)
        ids = [batch.id for batch in batches]
        touched = {kind: found for kind in Kind if (found := work.record_catalogue.touched_by(kind, KEYS[kind], ids))}
        touching = work.batches.open([batches[0].job_id], now())[0] if touched else None
        work.commit()
    if touching is not None:
        for kind, names in touched.items():
            parts.lake.append_bronze(kind, touching.id, touches(touching.id, KEYS[kind], names))
    with parts.warehouse.write() as work:
        error = JobError(title=f"A batch was set aside at {mark.stage}", detail=reason, stage=mark.stage)
        work.batches.set_aside(silver_batch, ids, error)
        for job_id in sorted({batch.job_id for batch in batches}):
            work.jobs.fail(job_id, error, now())
            logger.error("job {}: its batch was set aside at {}: {}", job_id, mark.stage, reason)
        if touching is not None:
            work.batches.commit([(touching, JobCounts(), touched)], now())
        work.watermarks.restart(mark, now(), attempts=0)
        work.commit()
    parts.messages.send("refine")
