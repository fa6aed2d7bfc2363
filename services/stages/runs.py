"""What the single-flight stages share: counting attempts, losing races cleanly, and setting aside what makes a stage fail."""

from collections.abc import Callable

from loguru import logger

from domain.errors import LostRaceError
from domain.job import Watermark
from services.clock import now
from services.ports import Parts

ATTEMPTS = 3  # starts at one place, the last of which took one batch alone


def run(parts: Parts, stage: str, step: Callable[[Watermark], bool]) -> bool:
    """Run one step of the stage from its watermark; whether more is pending. A lost race is no failure: another runner did the work."""
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


def set_aside(parts: Parts, mark: Watermark) -> None:
    """Take the batch that the stage could not get past out of the log; its job fails with the reason, the log goes on."""
    with parts.warehouse.write() as work:
        error = work.watermarks.error(mark.stage) or f"{mark.stage} ended its worker {mark.attempts - 1} times"
        detail = {"title": f"The batch was set aside at {mark.stage}", "detail": error, "stage": mark.stage}
        for job_id in work.batches.set_aside_next(mark, detail):
            work.jobs.fail(job_id, detail, now())
            logger.error("job {}: its batch was set aside at {}: {}", job_id, mark.stage, error)
        work.watermarks.swap(mark, mark, now())
        work.commit()
