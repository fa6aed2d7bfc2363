"""The dramatiq actors, one per entry of the registry of stages.

A message only wakes a stage, which takes all pending work, so a repeated or lost message does no harm
(see services/pipeline/sweep.py).
"""

from collections.abc import Sequence
from typing import Any

import dramatiq
from dramatiq.errors import Retry
from loguru import logger

from domain.shared.errors import NoSpaceError, RetryableError, UnavailableError, level_of
from services.pipeline.stage import Stage
from services.pipeline.stages import STAGES
from services.ports.parts import Parts
from services.webhooks.outbox import wake_deliveries

MAX_RETRIES = 8
AWAY_DELAY_MS = 2_000  # between retries during an outage, which are not limited in number
WAIT_SECONDS = 300.0  # longest wait for an unreachable warehouse or queue before a message is handled
RETRY_POLICY: dict[str, Any] = {"min_backoff": 200, "max_backoff": 30_000}


def declare(broker: dramatiq.Broker, parts: Parts, stages: Sequence[Stage] = STAGES) -> list[dramatiq.Actor[..., None]]:
    """Declare the actors on the broker."""
    dramatiq.set_broker(broker)
    return [_actor(broker, parts, stage) for stage in stages]


def _actor(broker: dramatiq.Broker, parts: Parts, stage: Stage) -> dramatiq.Actor[..., None]:
    def run(*args: str) -> None:
        try:
            parts.warehouse.wait(WAIT_SECONDS)
            parts.messages.wait(WAIT_SECONDS)
            stage(parts, *args)
            wake_deliveries(parts.warehouse, parts.messages)  # a job may have ended
        except (RetryableError, NoSpaceError) as error:  # expected: one line, where dramatiq would log a traceback
            logger.log(level_of(error), "{}: {}; will retry", stage.name, error.detail)
            raise Retry(error.detail, AWAY_DELAY_MS if isinstance(error, UnavailableError) else None) from error

    declared: dramatiq.Actor[..., None] = dramatiq.actor(
        actor_name=stage.name,
        queue_name=stage.name,
        broker=broker,
        priority=stage.priority,
        time_limit=1_000 * stage.time_limit_seconds,
        retry_when=_retry_when,
        **RETRY_POLICY,
    )(run)
    return declared


def _retry_when(retries: int, error: BaseException) -> bool:
    """Whether a failed message is retried: up to MAX_RETRIES times, during outages without limit."""
    return retries < MAX_RETRIES or isinstance(error.__cause__, UnavailableError)
