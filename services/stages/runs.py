"""What the single-flight stages share: counting attempts, losing races cleanly, and setting aside what makes a stage fail."""

from collections.abc import Callable

from loguru import logger

from domain.errors import LostRaceError
from domain.job import Watermark
from services.clock import now
from services.ports import Parts, Work

ATTEMPTS = 3  # starts at one place; the last three of them take one batch alone
Due = Callable[[Work, Watermark], bool]
Step = Callable[[Watermark], bool]


def run(parts: Parts, stage: str, due: Due, step: Step) -> bool:
    """Run one step of the stage from its watermark where one is due; whether more is pending behind it.

    A lost race is no failure: another runner did the work. A step that failed, or ended its worker, is tried again; from the fourth
    try on with one batch alone, and after the sixth that batch is set aside.
    """
    with parts.warehouse.read() as work:
        if not due(work, work.watermarks.get(stage)):
            return False
    with parts.warehouse.write() as work:
        mark: Watermark = work.watermarks.start(stage, now())
        work.commit()
    if mark.attempts > 2 * ATTEMPTS:
        set_aside(parts, mark)
        return True
    try:
        return step(mark)
    except LostRaceError as error:
        logger.info("{}: {}", stage, error.detail)
        return False
    except Exception as error:
        with parts.warehouse.write() as work:
            work.watermarks.failed(stage, f"{type(error).__name__}: {error}"[:2_000], now())
            work.commit()
        raise


def alone(mark: Watermark) -> bool:
    """Whether the step shall take one batch alone, to find the one that does harm."""
    return mark.attempts > ATTEMPTS


def set_aside(parts: Parts, mark: Watermark) -> None:
    """Take the batches that the stage could not get past out of the log; their jobs fail with the reason, the log goes on.

    What they changed goes back to the versions before them, and the processes they touch are refined anew by the batches' removal.
    """
    with parts.warehouse.write() as work:
        said = work.watermarks.error(mark.stage) or f"{mark.stage} ended its worker {mark.attempts - 1} times"
        error = {"title": f"A batch was set aside at {mark.stage}", "detail": said, "stage": mark.stage}
        for job_id in work.batches.set_aside_next(mark, error):
            work.jobs.fail(job_id, error, now())
            logger.error("job {}: its batch was set aside at {}: {}", job_id, mark.stage, said)
        work.watermarks.forgive(mark.stage)
        work.commit()
