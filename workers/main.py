"""A worker process: one thread, so that one memory-hungry task runs at a time, over the queues of its role.

It waits until the warehouse is migrated, takes back what a predecessor of its name held when it died, and sweeps if it is the first.
"""

import hashlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType

import dramatiq
import typer
from loguru import logger

from infrastructure.bootstrap import bootstrap
from infrastructure.logging import set_up
from infrastructure.queue.broker import QueueBroker, make_broker
from infrastructure.settings import Settings
from infrastructure.warehouse.migrate import current, head
from services.ports import Parts
from services.stages.sweep import sweep
from workers.actors import declare

STOP = 4_000  # ms that a message gets to end in; what is cut off is redelivered
IDLE = 50  # ms between two looks at an empty queue
NICE = 5  # the API goes first


def queues(index: int, of: int) -> set[str]:
    """The queues of worker `index` of `of`: landing and publishing run beside refining, the longest stage."""
    if of == 1:
        return {"land", "refine", "publish", "index", "embed"}
    return [{"land", "publish", "index"}, {"refine", "embed"}][index] if index < 2 else {"land"}


def run(index: int = 0, of: int = 1) -> None:
    """Work until told to stop."""
    settings = Settings()
    set_up(f"worker-{index}", settings.log_level)
    os.nice(NICE)
    stop = threading.Event()
    _on_signals(stop)
    _await_warehouse(settings.warehouse_url, stop)
    if not stop.is_set():
        parts = bootstrap(settings)
        broker = make_broker(settings.redis_url, name(settings.data_dir, index))
        declare(broker, parts)
        if index == 0:
            threading.Thread(target=_sweep, args=(parts, settings.sweep_seconds, stop), daemon=True).start()
        work(broker, queues(index, of), stop)
    sys.stderr.flush()
    os._exit(0)  # a message that did not end in time is redelivered; its thread must not keep the process


def name(data_dir: Path, index: int) -> str:
    """The worker's name in the queue: the same at every start, unlike that of any other worker that lives."""
    folder = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return f"{socket.gethostname()}-{folder}-{index}"


def work(broker: QueueBroker, roles: set[str], stop: threading.Event) -> None:
    """Handle the messages of these queues until `stop` is set; what is under way then gets STOP to end in."""
    held = broker.reclaim()
    if held:
        logger.info("took back {} message(s) of a worker that died", held)
    broker.emit_after("process_boot")
    worker = dramatiq.Worker(broker, queues=roles, worker_threads=1, worker_timeout=IDLE)
    worker.queue_prefetch = 1  # a busy process must not sit on what an idle one could take
    worker.start()
    stop.wait()
    worker.stop(timeout=STOP)


def _await_warehouse(url: str, stop: threading.Event) -> None:
    newest = head(url)
    while not stop.is_set():
        try:
            if current(url) == newest:
                return
        except Exception as error:  # pylint: disable=broad-exception-caught  # it is being made, or it is away
            logger.debug("the warehouse is not ready: {}", error)
        stop.wait(0.1)


def _on_signals(stop: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _sweep(parts: Parts, seconds: float, stop: threading.Event) -> None:
    while not stop.wait(seconds):
        try:
            sweep(parts)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next sweep tries again
            logger.warning("sweep: {}", error)


if __name__ == "__main__":
    typer.run(run)
