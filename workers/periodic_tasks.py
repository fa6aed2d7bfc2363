"""What an installation does periodically, in threads of one process: the first worker of `up`, or `tenderlake sweep`.

Two such processes at once do no harm: each task may be repeated.
"""

import threading
from collections.abc import Callable
from functools import partial

from loguru import logger

from domain.shared.errors import AwayError, level_of
from infrastructure.settings import Settings
from services.maintenance.rebuild import index_again_if_lost
from services.maintenance.retention import apply_retention
from services.maintenance.search_repair import SearchRepair
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from services.webhooks.outbox import wake_deliveries
from workers.exchange_rate_schedule import run_schedule

DELIVERY_POLL_SECONDS = 1.0  # between checks for deliveries whose next attempt is due
AWAY_SECONDS = 0.5  # between checks whether an unavailable server is back
RETENTION_SECONDS = 600.0  # between two deletions of what is older than the settings keep
LOG_POLL_SECONDS = 0.25  # between checkpoints of the warehouse's log


def start_periodic_tasks(parts: Parts, settings: Settings, stop: threading.Event) -> None:
    """Start the threads; they end when `stop` is set."""
    days = settings.keep_details_days, settings.keep_audit_days
    tasks: list[tuple[str, Callable[[Parts], object], float]] = [
        ("sweep", sweep, settings.sweep_seconds),
        ("deliveries", _wake_deliveries, DELIVERY_POLL_SECONDS),
        ("retention", lambda parts: apply_retention(parts.warehouse, *days), RETENTION_SECONDS),
        ("search", partial(_restore_search, SearchRepair()), settings.sweep_seconds),
    ]
    for what, act, seconds in tasks:
        threading.Thread(target=_repeat, args=(what, act, parts, seconds, stop), daemon=True).start()
    threading.Thread(target=run_schedule, args=(parts, settings.rates_hours, stop), daemon=True).start()
    threading.Thread(target=_checkpoint_log, args=(parts, stop), daemon=True).start()


def _wake_deliveries(parts: Parts) -> None:
    wake_deliveries(parts.warehouse, parts.messages)


def _restore_search(repair: SearchRepair, parts: Parts) -> None:
    """Restore what a search server has lost: all documents, or some."""
    if not index_again_if_lost(parts.warehouse, parts.search):
        repair.run(parts)


def _repeat(what: str, act: Callable[[Parts], object], parts: Parts, seconds: float, stop: threading.Event) -> None:
    """Call `act` every `seconds` until `stop` is set; sooner if a server was unavailable."""
    pause = seconds
    while not stop.wait(pause):
        pause = seconds
        try:
            act(parts)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next call tries again
            logger.log(level_of(error), "{}: {}", what, error)
            if isinstance(error, AwayError):
                pause = min(seconds, AWAY_SECONDS)


def _checkpoint_log(parts: Parts, stop: threading.Event) -> None:
    while not stop.wait(LOG_POLL_SECONDS):
        try:
            parts.warehouse.checkpoint_log()
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next commit does it
            logger.debug("checkpoint of the warehouse's log: {}", error)
