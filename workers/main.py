"""A worker process (see loop.py).

It waits until the warehouse is migrated, takes back what a predecessor of its name held when it died, and sweeps if it is the first.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import typer
from loguru import logger

from domain.lake.silver import silver_schema
from domain.shared.errors import AwayError, level_of
from infrastructure.bootstrap import bootstrap, timeouts
from infrastructure.logging import set_up
from infrastructure.queue.broker import make_broker
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from infrastructure.warehouse.migrate import current, head
from services.maintenance.missing import write_missing
from services.maintenance.rebuild import index_again_if_lost
from services.pipeline.landing.worker_leases import end_predecessor_leases, release_leases
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from services.webhooks.outbox import wake_deliveries
from workers.actors import declare
from workers.exchange_rate_schedule import run_schedule
from workers.worker_loop import run_workers, side_queues, stage_queues, worker_name

DELIVERY_POLL_SECONDS = 1.0  # between two looks for deliveries whose next attempt is due
AWAY_SECONDS = 0.5  # between two looks whether a server that is away is back
LOG_POLL_SECONDS = 0.25  # seconds between two looks at the warehouse's log


def run(index: int = 0, of: int = 1) -> None:
    """Work until told to stop."""
    set_private_umask()
    settings = Settings()
    set_up(f"worker-{index}", settings.log_level)
    stop = threading.Event()
    _on_signals(stop)
    _await_warehouse(settings, stop)
    if not stop.is_set():
        silver_schema("process")  # loads pandera before the first message, not during it
        own = worker_name(settings.data_dir, index)
        parts = bootstrap(settings, own)
        shares = {own: stage_queues(of)} | {f"{own}-{one.queues[0]}": one for one in side_queues(index, of)}
        _take_over(parts, stop)
        brokers = [make_broker(settings.redis_url, label, one) for label, one in shares.items()]
        for broker in brokers:
            declare(broker, parts)
        _spare_the_collector()
        if index == 0:
            threading.Thread(target=_tidy, args=(parts, stop), daemon=True).start()
            every: list[tuple[str, Callable[[Parts], object], float]] = [
                ("sweep", sweep, settings.sweep_seconds),
                ("deliveries", wake_deliveries, DELIVERY_POLL_SECONDS),
            ]
            every += [("search", _restore_search, settings.sweep_seconds)]
            for what, act, seconds in every:
                threading.Thread(target=_repeat, args=(what, act, parts, seconds, stop), daemon=True).start()
            threading.Thread(target=run_schedule, args=(parts, settings.rates_hours, stop), daemon=True).start()
        run_workers(brokers, stop)
        release_leases(parts)
    sys.stderr.flush()
    os._exit(0)  # a message that did not end in time is redelivered; its thread must not keep the process


def _spare_the_collector() -> None:
    """Records are trees without cycles: looking for cycles among the libraries and thousands of records again and again finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _await_warehouse(settings: Settings, stop: threading.Event) -> None:
    newest = head(settings.warehouse_url)
    while not stop.is_set():
        try:
            if current(settings.warehouse_url, timeouts(settings)) == newest:
                return
        except AwayError:
            stop.wait(AWAY_SECONDS)
        except Exception as error:  # pylint: disable=broad-exception-caught  # it is being made
            logger.debug("the warehouse is not ready: {}", error)
        stop.wait(0.1)


def _on_signals(stop: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _restore_search(parts: Parts) -> None:
    """A search server may come up empty at any time, or without the documents that it took last."""
    if not index_again_if_lost(parts):
        write_missing(parts)


def _repeat(what: str, act: Callable[[Parts], object], parts: Parts, seconds: float, stop: threading.Event) -> None:
    """Do it every so many seconds until `stop` is set; as soon as a server that was away is back."""
    pause = seconds
    while not stop.wait(pause):
        pause = seconds
        try:
            act(parts)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next time tries again
            logger.log(level_of(error), "{}: {}", what, error)
            if isinstance(error, AwayError):
                pause = min(seconds, AWAY_SECONDS)


def _take_over(parts: Parts, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            end_predecessor_leases(parts)
            return
        except AwayError:
            stop.wait(AWAY_SECONDS)


def _tidy(parts: Parts, stop: threading.Event) -> None:
    while not stop.wait(LOG_POLL_SECONDS):
        try:
            parts.warehouse.checkpoint_log()
        except Exception as error:  # pylint: disable=broad-exception-caught  # whoever commits does it then
            logger.debug("tidying the warehouse's log: {}", error)


if __name__ == "__main__":
    typer.run(run)
