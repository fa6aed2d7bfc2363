"""The dramatiq actors, one per stage; each calls one service.

A message only wakes a stage, which takes all pending work, so a repeated or lost message does no harm
(see services/pipeline/sweep.py).
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
AWAY_DELAY_MS = 2_000  # between retries during an outage, which are not limited in number
WAIT_SECONDS = 300.0  # longest wait for an unreachable warehouse or queue before a message is handled
RETRY_POLICY: dict[str, Any] = {"min_backoff": 200, "max_backoff": 30_000, "time_limit": 600_000}
# A file of many gigabytes is unpacked and sorted before its first record is read; deliveries run for RUN_SECONDS.
TIME_LIMITS_MS = {"land": 4 * 3_600_000, "erase": 4 * 3_600_000, DELIVER: 2 * 3_600_000}


def declare(broker: dramatiq.Broker, parts: Parts) -> list[dramatiq.Actor[..., None]]:
    """Declare the actors on the broker; a lower priority number is handled first."""
    dramatiq.set_broker(broker)
    stages: list[tuple[str, Callable[..., None], int]] = [
        ("land", land, 1),
        ("refine", refine, 1),
        ("publish", publish, 1),
        ("index", index, 1),
    ]
    stages += [(DELIVER, deliver, 1), ("embed", embed, 9), ("erase", erase, 1)]
    return [_actor(broker, parts, name, stage, priority) for name, stage, priority in stages]


def _actor(
    broker: dramatiq.Broker, parts: Parts, name: str, stage: Callable[..., None], priority: int
) -> dramatiq.Actor[..., None]:
    def run(*args: str) -> None:
        try:
            parts.warehouse.wait(WAIT_SECONDS)
            parts.messages.wait(WAIT_SECONDS)
            stage(parts, *args)
            wake_deliveries(parts.warehouse, parts.messages)  # a job may have ended
        except (RetryableError, NoSpaceError) as error:  # expected: one line, where dramatiq would log a traceback
            logger.log(level_of(error), "{}: {}; will retry", name, error.detail)
            raise Retry(error.detail, AWAY_DELAY_MS if isinstance(error, UnavailableError) else None) from error

    options = RETRY_POLICY | {
        "retry_when": _retry_when,
        "time_limit": TIME_LIMITS_MS.get(name, RETRY_POLICY["time_limit"]),
    }
    declared: dramatiq.Actor[..., None] = dramatiq.actor(
        actor_name=name, queue_name=name, broker=broker, priority=priority, **options
    )(run)
    return declared


def _retry_when(retries: int, error: BaseException) -> bool:
    """Whether a failed message is retried: up to MAX_RETRIES times, during outages without limit."""
    return retries < MAX_RETRIES or isinstance(error.__cause__, UnavailableError)
