"""A moment in which the index stage stands still, so that an index filled aside can take the place of the one that serves.

Runs under way at its beginning or its end lose their race, for the watermark is touched at both; a pause whose holder died ends by itself.
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
    """Whether the index stage shall wait."""
    mark = work.watermarks.get(PAUSE_WATERMARK)
    return mark.attempts > 0 and mark.started_at is not None and mark.started_at > now() - PAUSE_MAX_DURATION


def check_not_paused(work: ReadUnitOfWork) -> None:
    """LostRaceError where the index stage shall wait: called where its run commits."""
    if is_paused(work):
        raise LostRaceError("search is being swapped for one made anew")


def pause(parts: Parts) -> int:
    """Have the index stage stand still; the silver batch up to which it has written."""
    with parts.warehouse.write() as work:
        work.watermarks.start(PAUSE_WATERMARK, now())
        mark = _touch(work)
        work.commit()
    return mark.silver_batch


def check_still_paused(parts: Parts) -> None:
    """LostRaceError where the pause has ended by itself: whoever holds it asks this before it counts on it."""
    with parts.warehouse.read() as work:
        if not is_paused(work):
            raise LostRaceError("the pause of the index stage ended before search was swapped; rebuild it again")


def resume(parts: Parts) -> None:
    """Let the index stage go on."""
    with parts.warehouse.write() as work:
        _touch(work)
        work.watermarks.reset_attempts(work.watermarks.get(PAUSE_WATERMARK), now())
        work.commit()
    parts.messages.send("index")


def _touch(work: WriteUnitOfWork) -> Watermark:
    """Change nothing but what runs under way compare."""
    mark = work.watermarks.get("index")
    work.watermarks.compare_and_swap(mark, mark.model_copy(update={"done": mark.done + 1}), now())
    return mark
