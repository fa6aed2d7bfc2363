"""Pauses the index stage while a rebuilt index is swapped in.

Pausing and resuming change the watermark, so that concurrent runs fail their compare-and-swap. A pause expires if its
holder dies.
"""

from datetime import timedelta

from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

PAUSE_WATERMARK = "swap"
PAUSE_MAX_DURATION = timedelta(seconds=60)


def is_paused(work: ReadUnitOfWork) -> bool:
    """Whether the index stage must wait."""
    mark = work.watermarks.get(PAUSE_WATERMARK)
    return mark.attempts > 0 and mark.started_at is not None and mark.started_at > now() - PAUSE_MAX_DURATION


def check_not_paused(work: ReadUnitOfWork) -> None:
    """LostRaceError if the index stage must wait; called when a run commits."""
    if is_paused(work):
        raise LostRaceError("the search index is being swapped for a rebuilt one")


def pause(parts: Parts) -> int:
    """Pause the index stage; returns the silver batch up to which it has indexed."""
    with parts.warehouse.write() as work:
        work.watermarks.start(PAUSE_WATERMARK, now())
        mark = _touch(work)
        work.commit()
    return mark.silver_batch


def check_still_paused(parts: Parts) -> None:
    """LostRaceError if the pause has expired; the holder calls this before it relies on the pause."""
    with parts.warehouse.read() as work:
        if not is_paused(work):
            raise LostRaceError("the pause of the index stage expired before the swap; rebuild the search index again")


def resume(parts: Parts) -> None:
    """Resume the index stage."""
    with parts.warehouse.write() as work:
        _touch(work)
        work.watermarks.reset_attempts(work.watermarks.get(PAUSE_WATERMARK), now())
        work.commit()
    parts.messages.send("index")


def _touch(work: WriteUnitOfWork) -> Watermark:
    """Increment the watermark's counter, so that the compare-and-swap of concurrent runs fails."""
    mark = work.watermarks.get("index")
    work.watermarks.compare_and_swap(mark, mark.model_copy(update={"done": mark.done + 1}), now())
    return mark
