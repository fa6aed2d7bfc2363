"""Runs the single-flight stages: counts attempts, handles lost races, and sets aside batches that make a stage fail."""

from collections.abc import Callable, Sequence

from loguru import logger

from domain.jobs.job import JobCounts
from domain.lake.bronze import touches
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from domain.shared.errors import LostRaceError, NoSpaceError, RetryableError, UnavailableError, reason_of
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now

ERROR_MAX_CHARACTERS = 2_000  # characters
WAIT_SECONDS = 300.0  # for a warehouse that is away, to note in it how an attempt ended
ATTEMPTS_BEFORE_SINGLE_BATCH = 3  # starts at one place; the last three of them take one batch alone
Due = Callable[[ReadUnitOfWork, Watermark], bool]
StageStep = Callable[[Watermark], bool]


def run_stage(parts: Parts, stage: str, due: Due, step: StageStep) -> bool:
    """Run one step of the stage from its watermark if one is due; returns whether more is pending.

    A lost race is no failure: another runner did the work. A step that fails or ends its worker is retried; from the
    fourth attempt on with one batch, which is set aside after the sixth. Outages and a full disk do not count as
    attempts.
    """
    with parts.warehouse.read() as work:
        if not due(work, work.watermarks.get(stage)):
            return False
    if disk_is_full(parts, stage):
        return False
    with parts.warehouse.write() as work:
        mark = work.watermarks.start(stage, now())
        work.commit()
    try:
        if mark.attempts > 2 * ATTEMPTS_BEFORE_SINGLE_BATCH:
            set_aside(parts, mark)
            return True
        return step(mark)
    except LostRaceError as error:
        logger.info("{}: {}", stage, error.detail)
        return False
    except Exception as error:
        if isinstance(error, UnavailableError):
            parts.warehouse.wait(WAIT_SECONDS)  # the warehouse itself may be unreachable
        with parts.warehouse.write() as work:
            if isinstance(error, RetryableError | NoSpaceError):
                work.watermarks.uncount_attempt(stage)
            work.watermarks.record_failure(
                stage, f"{type(error).__name__}: {reason_of(error, ERROR_MAX_CHARACTERS)}", now()
            )
            work.commit()
        raise


def disk_is_full(parts: Parts, what: str) -> bool:
    """Whether the disk is too full to start `what`. This counts as no attempt; the sweep repeats the message until
    there is room.
    """
    try:
        parts.files.check_free_space()
    except NoSpaceError as error:
        logger.error("{} waits: {}", what, error.detail)
        return True
    return False


def takes_single_batch(mark: Watermark) -> bool:
    """Whether the step takes one batch only, to isolate the one that makes the stage fail."""
    return mark.attempts > ATTEMPTS_BEFORE_SINGLE_BATCH


def set_aside(parts: Parts, mark: Watermark) -> None:
    """Take the batches on which the stage fails out of the log, and fail their jobs with the reason.

    Their records return to the versions before them. Earlier stages may have used those already (refine runs ahead of
    publish), so a batch of touches makes refine compile the processes again. It is written first: if the worker ends in
    between, that batch is never committed and all of this is repeated.
    """
    with parts.warehouse.write() as work:
        silver_batch, batches = work.batches.next_batches(mark)
        ids = [batch.id for batch in batches]
        touched = {kind: found for kind in Kind if (found := _touched(work, kind, ids))}
        touching = work.batches.open([batches[0].job_id], now())[0] if touched else None
        work.commit()
    if touching is not None:
        for kind, names in touched.items():
            parts.lake.append_bronze(
                kind, touching.id, touches(touching.id, "ocid" if kind is Kind.RELEASES else "record_id", names)
            )
    with parts.warehouse.write() as work:
        reason = work.watermarks.error(mark.stage) or f"{mark.stage} ended its worker {mark.attempts - 1} times"
        error = {"title": f"A batch was set aside at {mark.stage}", "detail": reason, "stage": mark.stage}
        work.batches.set_aside(silver_batch, ids, error)
        for job_id in sorted({batch.job_id for batch in batches}):
            work.jobs.fail(job_id, error, now())
            logger.error("job {}: its batch was set aside at {}: {}", job_id, mark.stage, reason)
        if touching is not None:
            work.batches.commit([(touching, JobCounts(), touched)], now())
        work.watermarks.reset_attempts(mark, now())
        work.commit()
    parts.messages.send("refine")


def _touched(work: ReadUnitOfWork, kind: Kind, batch_ids: Sequence[int]) -> Sequence[str]:
    """What must be refined again without these batches: ocids for releases, else record ids."""
    found = (
        work.record_catalogue.ocids_in_batches if kind is Kind.RELEASES else work.record_catalogue.record_ids_in_batches
    )(kind, batch_ids)
    return found
