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

STOP = 4_000  # ms that a message gets to end in; what is cut off is redelivered
IDLE = 50  # ms between two looks at an empty queue


def queues(index: int, of: int) -> set[str]:
    """The queues of worker `index` of `of`: landing and publishing run beside refining and indexing, which take as long."""
    if of == 1:
        return {"land", "refine", "publish", "index", "erase"}
    return [{"land", "publish", "erase"}, {"refine", "index"}][index] if index < 2 else {"land"}


def beside(index: int, of: int) -> set[str]:
    """The queues that the worker handles in a second thread: what waits for the world outside, and what must hold nothing back."""
    return {"deliver", "embed"} if of == 1 else [{"deliver"}, {"embed"}][index] if index < 2 else set()


def name(data_dir: Path, index: int) -> str:
    """The worker's name in the queue: the same at every start, unlike that of any other worker that lives."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}-{folder}-{index}"


def work(roles: Sequence[tuple[QueueBroker, set[str]]], stop: threading.Event) -> None:
    """Handle the messages of these queues, each broker's in a thread of its own, until `stop` is set; what is under way then gets STOP to end in."""
    workers = []
    for broker, names in roles:
        held = broker.reclaim()
        if held:
            logger.info("took back {} message(s) of a worker that died", held)
        broker.emit_after("process_boot")
        worker = dramatiq.Worker(broker, queues=names, worker_threads=1, worker_timeout=IDLE)
        worker.queue_prefetch = 1  # a busy process must not sit on what an idle one could take
        worker.start()
        workers.append(worker)
    stop.wait()
    for worker in workers:
        worker.stop(timeout=STOP)
