"""The schedule of exchange rates: asked at the start and every so many hours, sooner again after a failure."""

import threading

from loguru import logger

from domain.shared.errors import AwayError, UnavailableError
from services.exchange_rates.fetching import fetch_rates
from services.ports.parts import Parts

AWAY_SECONDS = 5.0
RETRY_SECONDS = 900.0  # seconds after which a service that failed is asked again


def run_schedule(parts: Parts, hours: float, stop: threading.Event, again: float = RETRY_SECONDS) -> None:
    """Ask for what facts need until `stop` is set; not at all where no service is set."""
    if parts.rate_service is None:
        return
    pause = 0.0
    while not stop.wait(pause):
        pause = hours * 3_600
        try:
            fetch_rates(parts, "schedule")
        except AwayError:  # not the service: the warehouse or the queue
            pause = AWAY_SECONDS
        except UnavailableError as error:
            logger.warning("exchange rates: {}", error.detail)
            pause = min(pause, max(again, float(error.details.get("retry_after", 0))))
        except Exception as error:  # pylint: disable=broad-exception-caught  # a schedule that ends is missed by nobody
            logger.opt(exception=error).warning("exchange rates: {}", error)
            pause = min(pause, again)
