"""The loop of a worker process: its name, its queues, and one thread over those of the stages, so that one memory-hungry task runs at a time."""

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

STOP_TIMEOUT_MS = 4_000  # ms that a message gets to end in; what is cut off is redelivered
IDLE_POLL_MS = 500  # ms after which a thread that has nothing to do looks whether it is to end
SIDE_POLL_SECONDS = 0.2  # seconds between two looks at queues that can wait


def stage_queues(of: int) -> QueueSelection:
    """What each of so many workers handles: whatever waits. All but one may land at the same time."""
    return QueueSelection(("land", "refine", "publish", "index", "erase"), {"land": max(1, of - 1)})


def side_queues(index: int, of: int) -> list[QueueSelection]:
    """The queues that the worker handles in a thread of their own each: what waits for the world outside, and what must hold nothing back."""
    both = ("deliver", "embed")
    return [QueueSelection((queue,), poll_seconds=SIDE_POLL_SECONDS) for queue in (both if of == 1 else both[index : index + 1])]


def worker_name(data_dir: Path, index: int) -> str:
    """The worker's name in the queue: the same at every start, unlike that of any other worker that lives."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}-{folder}-{index}"


def run_workers(brokers: Sequence[QueueBroker], stop: threading.Event) -> None:
    """Handle the messages of the brokers' shares, each in a thread of its own, until `stop` is set; what is under way then gets STOP to end in."""
    workers = []
    for broker in brokers:
        held = broker.reclaim()
        if held:
            logger.info("took back {} message(s) of a worker that died", held)
        broker.emit_after("process_boot")
        worker = dramatiq.Worker(broker, queues=set(broker.share.queues), worker_threads=1, worker_timeout=IDLE_POLL_MS)
        worker.queue_prefetch = 1  # see QueueBroker
        worker.start()
        workers.append(worker)
    stop.wait()
    for worker in workers:
        worker.stop(timeout=STOP_TIMEOUT_MS)
