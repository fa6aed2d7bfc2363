"""The loop of a worker process: its name, its queues, and one thread over them, so that one memory-hungry task runs at a time."""

import hashlib
import os
import socket
import threading
from pathlib import Path

import dramatiq
from loguru import logger

from infrastructure.queue.broker import QueueBroker

STOP = 4_000  # ms that a message gets to end in; what is cut off is redelivered
IDLE = 50  # ms between two looks at an empty queue


def queues(index: int, of: int) -> set[str]:
    """The queues of worker `index` of `of`: landing and publishing run beside refining, the longest stage."""
    if of == 1:
        return {"land", "refine", "publish", "index", "embed", "erase"}
    return [{"land", "publish", "index", "erase"}, {"refine", "embed"}][index] if index < 2 else {"land"}


def beside(index: int) -> set[str]:
    """The queues that worker `index` handles in a second thread: what waits for the world outside, and takes no memory while it does."""
    return {"deliver"} if index == 0 else set()


def name(data_dir: Path, index: int) -> str:
    """The worker's name in the queue: the same at every start, unlike that of any other worker that lives."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}-{folder}-{index}"


def work(broker: QueueBroker, roles: set[str], stop: threading.Event, second: set[str] | None = None) -> None:
    """Handle the messages of these queues until `stop` is set, those of `second` in a thread of their own; what is under way then gets STOP to end in."""
    held = broker.reclaim()
    if held:
        logger.info("took back {} message(s) of a worker that died", held)
    broker.emit_after("process_boot")
    workers = [dramatiq.Worker(broker, queues=own, worker_threads=1, worker_timeout=IDLE) for own in (roles, second) if own]
    for worker in workers:
        worker.queue_prefetch = 1  # a busy process must not sit on what an idle one could take
        worker.start()
    stop.wait()
    for worker in workers:
        worker.stop(timeout=STOP)
