"""A moment in which the index stage stands still, so that an index filled aside can take the place of the one that serves.

Runs under way at its beginning or its end lose their race, for the watermark is touched at both; a pause whose holder died ends by itself.
"""

from datetime import timedelta

from domain.errors import LostRaceError
from domain.job import Watermark
from services.clock import now
from services.ports import Parts, Work

HOLDER = "swap"
LONGEST = timedelta(seconds=60)


def paused(work: Work) -> bool:
    """Whether the index stage shall wait."""
    mark: Watermark = work.watermarks.get(HOLDER)
    return mark.attempts > 0 and mark.started_at is not None and mark.started_at > now() - LONGEST


def check(work: Work) -> None:
    """LostRaceError where the index stage shall wait: called where its run commits."""
    if paused(work):
        raise LostRaceError("search is being swapped for one made anew")


def pause(parts: Parts) -> int:
    """Have the index stage stand still; the silver batch up to which it has written."""
    with parts.warehouse.write() as work:
        work.watermarks.start(HOLDER, now())
        mark = _touch(work)
        work.commit()
    return mark.silver_batch


def hold(parts: Parts) -> None:
    """LostRaceError where the pause has ended by itself: whoever holds it asks this before it counts on it."""
    with parts.warehouse.read() as work:
        if not paused(work):
            raise LostRaceError("the pause of the index stage ended before search was swapped; rebuild it again")


def resume(parts: Parts) -> None:
    """Let the index stage go on."""
    with parts.warehouse.write() as work:
        _touch(work)
        work.watermarks.forgive(work.watermarks.get(HOLDER), now())
        work.commit()
    parts.messages.send("index")


def _touch(work: Work) -> Watermark:
    """Change nothing but what runs under way compare."""
    mark: Watermark = work.watermarks.get("index")
    work.watermarks.swap(mark, mark.model_copy(update={"done": mark.done + 1}), now())
    return mark
