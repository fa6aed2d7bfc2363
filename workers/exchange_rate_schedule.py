"""Fetches exchange rates at the start and at a fixed interval; retries sooner after a failure."""

import threading

from loguru import logger

from domain.shared.errors import AwayError, UnavailableError
from services.exchange_rates.fetching import fetch_rates
from services.ports.parts import Parts

AWAY_SECONDS = 5.0
RETRY_SECONDS = 900.0  # until the next request after a failure of the service


def run_schedule(parts: Parts, hours: float, stop: threading.Event, again: float = RETRY_SECONDS) -> None:
    """Fetch the rates that facts need every `hours` until `stop` is set; does nothing without a service.

    `again` is the seconds until a retry.
    """
    if parts.rate_service is None:
        return
    pause = 0.0
    while not stop.wait(pause):
        pause = hours * 3_600
        try:
            fetch_rates(parts, "schedule")
        except AwayError:  # the warehouse or the queue, not the service
            pause = AWAY_SECONDS
        except UnavailableError as error:
            logger.warning("exchange rates: {}", error.detail)
            pause = min(pause, max(again, float(error.details.get("retry_after", 0))))
        except Exception as error:  # pylint: disable=broad-exception-caught  # nothing else would notice that the schedule ended
            logger.opt(exception=error).warning("exchange rates: {}", error)
            pause = min(pause, again)
