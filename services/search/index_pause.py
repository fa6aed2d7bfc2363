"""Pauses the index stage while a rebuilt index is swapped in.

Pausing and resuming change the watermark, so that concurrent runs fail their compare-and-swap. A pause expires if its
holder dies.
"""

import uuid
from datetime import timedelta

from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

PAUSE_MAX_DURATION = timedelta(seconds=60)


def check_not_paused(work: ReadUnitOfWork) -> None:
    """LostRaceError if the index stage must wait; called when a run commits."""
    if work.search_state.paused(now()):
        raise LostRaceError("the search index is being swapped for a rebuilt one")


def pause(parts: Parts) -> tuple[str, int]:
    """Pause the index stage; returns the holder of the pause, and the silver batch up to which it has indexed."""
    holder = uuid.uuid4().hex
    with parts.warehouse.write() as work:
        work.search_state.pause(holder, now(), now() + PAUSE_MAX_DURATION)
        mark = _touch(work)
        work.commit()
    return holder, mark.silver_batch


def check_still_paused(parts: Parts, holder: str) -> None:
    """LostRaceError if the holder's pause has expired; called before relying on the pause."""
    with parts.warehouse.read() as work:
        if not work.search_state.paused(now(), holder):
            raise LostRaceError("the pause of the index stage expired before the swap; rebuild the search index again")


def resume(parts: Parts, holder: str) -> None:
    """Resume the index stage, unless another holder has paused it, too."""
    with parts.warehouse.write() as work:
        _touch(work)
        work.search_state.resume(holder)
        work.commit()
    parts.messages.send("index")


def _touch(work: WriteUnitOfWork) -> Watermark:
    """Increment the watermark's counter, so that the compare-and-swap of concurrent runs fails."""
    mark = work.watermarks.get("index")
    work.watermarks.compare_and_swap(mark, mark.model_copy(update={"done": mark.done + 1}), now())
    return mark
