"""The dramatiq actors: one a stage; each opens its scope, calls one service and ends.

Messages are wake-up calls: a stage takes all that is pending, so a doubled or a lost one does no harm (see services/pipeline/sweep.py).
"""

from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.errors import Retry
from loguru import logger

from domain.shared.errors import NoSpaceError, RetryableError, UnavailableError, level_of
from services.pipeline.embedding.embed import embed
from services.pipeline.erasing.erase import erase
from services.pipeline.indexing.index import index
from services.pipeline.landing.land import land
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.webhooks.outbox import DELIVER_ACTOR as DELIVER
from services.webhooks.outbox import deliver, wake_deliveries

MAX_RETRIES = 8
AWAY_DELAY_MS = 2_000  # after which a message is tried again that a part which was away ended; however often that is
WAIT_SECONDS = 300.0  # for a warehouse or queue that is away, before a message begins
RETRY_POLICY: dict[str, Any] = {"min_backoff": 200, "max_backoff": 30_000, "time_limit": 600_000}
# ms; a file of many gigabytes is unpacked and sorted before its first record is read, and deliveries go on for RUN_SECONDS
TIME_LIMITS_MS = {"land": 4 * 3_600_000, "erase": 4 * 3_600_000, DELIVER: 2 * 3_600_000}


def declare(broker: dramatiq.Broker, parts: Parts) -> list[dramatiq.Actor[..., None]]:
    """The actors of the broker, over these parts; a lower priority number goes first."""
    dramatiq.set_broker(broker)
    stages: list[tuple[str, Callable[..., None], int]] = [("land", land, 1), ("refine", refine, 1), ("publish", publish, 1), ("index", index, 1)]
    stages += [(DELIVER, deliver, 1), ("embed", embed, 9), ("erase", erase, 1)]
    return [_actor(broker, parts, name, stage, priority) for name, stage, priority in stages]


def _actor(broker: dramatiq.Broker, parts: Parts, name: str, stage: Callable[..., None], priority: int) -> dramatiq.Actor[..., None]:
    def run(*args: str) -> None:
        try:
            parts.warehouse.wait(WAIT_SECONDS)
            parts.messages.wait(WAIT_SECONDS)
            stage(parts, *args)
            wake_deliveries(parts)  # a job may have ended
        except (RetryableError, NoSpaceError) as error:  # foreseen: a line says enough, where dramatiq would log a traceback of a page
            logger.log(level_of(error), "{}: {}; it will be tried again", name, error.detail)
            raise Retry(error.detail, AWAY_DELAY_MS if isinstance(error, UnavailableError) else None) from error

    options = RETRY_POLICY | {"retry_when": _again, "time_limit": TIME_LIMITS_MS.get(name, RETRY_POLICY["time_limit"])}
    declared: dramatiq.Actor[..., None] = dramatiq.actor(actor_name=name, queue_name=name, broker=broker, priority=priority, **options)(run)
    return declared


def _again(retries: int, error: BaseException) -> bool:
    """Whether a message that failed is tried again: for a part that is away, as long as it takes."""
    return retries < MAX_RETRIES or isinstance(error.__cause__, UnavailableError)
