"""The dramatiq actors: one a stage; each opens its scope, calls one service and ends.

Messages are wake-up calls: a stage takes all that is pending, so a doubled or a lost one does no harm (see services/stages/sweep.py).
"""

from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.errors import Retry
from loguru import logger

from domain.errors import NoSpaceError, RetryableError
from services.notify import ACTOR as DELIVER
from services.notify import deliver, wake
from services.ports import Parts
from services.stages.embed import embed
from services.stages.erase import erase
from services.stages.index import index
from services.stages.land import land
from services.stages.publish import publish
from services.stages.refine import refine

POLICY: dict[str, Any] = {"max_retries": 8, "min_backoff": 200, "max_backoff": 30_000, "time_limit": 600_000}
# ms; a file of many gigabytes is unpacked and sorted before its first record is read, and deliveries go on for RUN_SECONDS
SOON = {"max_retries": 100_000, "max_backoff": 2_000}  # index goes on within seconds of search being back
LONGEST = {"land": 4 * 3_600_000, "erase": 4 * 3_600_000, DELIVER: 2 * 3_600_000}


def declare(broker: dramatiq.Broker, parts: Parts) -> list[dramatiq.Actor[..., None]]:
    """The actors of the broker, over these parts; a lower priority number goes first."""
    dramatiq.set_broker(broker)
    stages: list[tuple[str, Callable[..., None], int]] = [("land", land, 1), ("refine", refine, 1), ("publish", publish, 1), ("index", index, 1)]
    stages += [(DELIVER, deliver, 1), ("embed", embed, 9), ("erase", erase, 1)]
    return [_actor(broker, parts, name, stage, priority) for name, stage, priority in stages]


def _actor(broker: dramatiq.Broker, parts: Parts, name: str, stage: Callable[..., None], priority: int) -> dramatiq.Actor[..., None]:
    def run(*args: str) -> None:
        try:
            stage(parts, *args)
        except (RetryableError, NoSpaceError) as error:  # foreseen: a line says enough, where dramatiq would log a traceback of a page
            logger.warning("{}: {}; it will be tried again", name, error.detail)
            raise Retry(error.detail) from error
        wake(parts)  # a job may have ended

    options = POLICY | {"time_limit": LONGEST.get(name, POLICY["time_limit"])} | (SOON if name == "index" else {})
    declared: dramatiq.Actor[..., None] = dramatiq.actor(actor_name=name, queue_name=name, broker=broker, priority=priority, **options)(run)
    return declared
