"""Runs a worker process: one thread for all stage queues, so that one memory-intensive task runs at a time."""

import hashlib
import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import dramatiq
from loguru import logger

from infrastructure.queue.broker import QueueBroker
from infrastructure.queue.queue_selection import QueueSelection
from services.pipeline.stages import STAGES

STOP_TIMEOUT_MS = 4_000  # for running messages at shutdown; unfinished ones are redelivered
IDLE_POLL_MS = 500  # between shutdown checks of an idle thread
SIDE_POLL_SECONDS = 0.2  # between polls of the side queues, which are less urgent
COUNT_SECONDS = 5.0  # between two counts of the live workers


def stage_queues(workers: int) -> QueueSelection:
    """The stage queues, which every worker serves. All workers but one may land at the same time."""
    return QueueSelection(tuple(stage.name for stage in STAGES if not stage.own_thread), {"land": max(1, workers - 1)})


def side_queues(index: int, workers: int) -> list[QueueSelection]:
    """Queues that this worker serves in threads of their own, so that they block no stage; each has one worker."""
    names = tuple(stage.name for stage in STAGES if stage.own_thread)
    return [QueueSelection((queue,), poll_seconds=SIDE_POLL_SECONDS) for queue in names[index::workers]]


def worker_name(data_dir: Path, index: int) -> str:
    """The worker's name in the queue: unique among live ones; the same at every start if `index` is."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}-{folder}-{index}"


def count_workers(broker: QueueBroker, stop: threading.Event) -> None:
    """Keep the broker's selection in line with the number of live workers, in a thread, until `stop` is set."""
    threading.Thread(target=_count_workers, args=(broker, stop), name="count", daemon=True).start()


def _count_workers(broker: QueueBroker, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            broker.selection = stage_queues(broker.store.count_worker(broker.worker))
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next count is right
            logger.debug("counting the workers: {}", error)
        stop.wait(COUNT_SECONDS)
    broker.store.forget_worker(broker.worker)


def run_workers(brokers: Sequence[QueueBroker], stop: threading.Event) -> None:
    """Handle the brokers' messages, in one thread per broker, until `stop` is set; then wait up to STOP_TIMEOUT_MS."""
    workers = []
    for broker in brokers:
        broker.emit_after("process_boot")
        # One consumer, that of the first queue, takes the messages of all.
        first = set(broker.selection.queues[:1])
        worker = dramatiq.Worker(broker, queues=first, worker_threads=1, worker_timeout=IDLE_POLL_MS)
        worker.start()
        workers.append(worker)
    stop.wait()
    for worker in workers:
        worker.stop(timeout=STOP_TIMEOUT_MS)
