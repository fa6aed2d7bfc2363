"""A worker process (see worker_loop.py).

It waits until the warehouse is migrated, and ends the leases of a dead predecessor of its name. The first worker also
runs the sweep.
"""

import gc
import os
import sys
import threading
from collections.abc import Callable
from functools import partial

import typer
from loguru import logger

from domain.lake.silver import silver_schema
from domain.shared.errors import AwayError, level_of
from infrastructure.bootstrap import bootstrap, timeouts
from infrastructure.logging import set_up
from infrastructure.queue.broker import make_broker
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from infrastructure.system.signals import set_on_stop_signal
from infrastructure.warehouse.migrate import stop_when_outdated, wait_until_current
from services.maintenance.rebuild import index_again_if_lost
from services.maintenance.retention import apply_retention
from services.maintenance.search_repair import SearchRepair
from services.pipeline.landing.worker_leases import end_predecessor_leases, release_leases
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from services.webhooks.outbox import wake_deliveries
from workers.actors import declare
from workers.exchange_rate_schedule import run_schedule
from workers.worker_loop import run_workers, side_queues, stage_queues, worker_name

DELIVERY_POLL_SECONDS = 1.0  # between checks for deliveries whose next attempt is due
RETENTION_SECONDS = 600.0  # between two deletions of what is older than the settings keep
AWAY_SECONDS = 0.5  # between checks whether an unavailable server is back
LOG_POLL_SECONDS = 0.25  # between checkpoints of the warehouse's log


def run(index: int = 0, of: int = 1) -> None:
    """Run until a stop signal."""
    set_private_umask()
    settings = Settings()
    set_up(f"worker-{index}", settings.log_level, settings.log_format)
    stop = threading.Event()
    set_on_stop_signal(stop)
    wait_until_current(settings.warehouse_url, timeouts(settings), stop)
    if not stop.is_set():
        silver_schema("process")  # loads pandera before the first message, not during it
        own = worker_name(settings.data_dir, index)
        parts = bootstrap(settings, own)
        shares = {own: stage_queues(of)} | {f"{own}-{queues.queues[0]}": queues for queues in side_queues(index, of)}
        _end_predecessor_leases(parts, stop)
        brokers = [make_broker(settings.redis_url, label, queues) for label, queues in shares.items()]
        for broker in brokers:
            declare(broker, parts)
        _make_garbage_collection_rare()
        watched = settings.warehouse_url, timeouts(settings), stop
        threading.Thread(target=stop_when_outdated, args=watched, daemon=True).start()
        if index == 0:
            threading.Thread(target=_checkpoint_log, args=(parts, stop), daemon=True).start()
            every: list[tuple[str, Callable[[Parts], object], float]] = [
                ("sweep", sweep, settings.sweep_seconds),
                ("deliveries", _wake_deliveries, DELIVERY_POLL_SECONDS),
            ]
            days = settings.keep_details_days, settings.keep_audit_days
            every += [("retention", lambda parts: apply_retention(parts.warehouse, *days), RETENTION_SECONDS)]
            every += [("search", partial(_restore_search, SearchRepair()), settings.sweep_seconds)]
            for what, act, seconds in every:
                threading.Thread(target=_repeat, args=(what, act, parts, seconds, stop), daemon=True).start()
            threading.Thread(target=run_schedule, args=(parts, settings.rates_hours, stop), daemon=True).start()
        run_workers(brokers, stop)
        release_leases(parts)
    sys.stderr.flush()
    os._exit(0)  # unfinished messages are redelivered; their threads must not keep the process alive


def _wake_deliveries(parts: Parts) -> None:
    wake_deliveries(parts.warehouse, parts.messages)


def _make_garbage_collection_rare() -> None:
    """Make garbage collection rare: records have no reference cycles, and scanning thousands of them finds none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


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


def _end_predecessor_leases(parts: Parts, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            end_predecessor_leases(parts)
            return
        except AwayError:
            stop.wait(AWAY_SECONDS)


def _checkpoint_log(parts: Parts, stop: threading.Event) -> None:
    while not stop.wait(LOG_POLL_SECONDS):
        try:
            parts.warehouse.checkpoint_log()
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next commit does it
            logger.debug("checkpoint of the warehouse's log: {}", error)


if __name__ == "__main__":
    typer.run(run)
