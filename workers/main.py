"""A worker process: one thread, so that one memory-hungry task runs at a time, over the queues of its role."""

import os
import signal
import sys
import threading
from types import FrameType

os.environ.setdefault("dramatiq_queue_prefetch", "1")  # a busy process must not sit on what an idle one could take

import typer
from dramatiq import Worker
from loguru import logger

from infrastructure.bootstrap import bootstrap
from infrastructure.logging import set_up
from infrastructure.queue.broker import make_broker
from infrastructure.settings import Settings
from services.ports import Parts
from services.stages.sweep import sweep
from workers.actors import declare

STOP = 5_000  # ms that a message gets to end in; what is cut off is redelivered
NICE = 5  # the API goes first


def queues(index: int, of: int) -> set[str]:
    """The queues of worker `index` of `of`: landing and publishing run beside refining, the longest stage."""
    if of == 1:
        return {"land", "refine", "publish", "index"}
    return [{"land", "publish", "index"}, {"refine"}][index] if index < 2 else {"land"}


def run(index: int = 0, of: int = 1) -> None:
    """Work until told to stop."""
    settings = Settings()
    set_up(f"worker-{index}", settings.log_level)
    os.nice(NICE)
    stop = threading.Event()
    _on_signals(stop)
    parts = bootstrap(settings)
    broker = make_broker(settings.redis_url, f"worker-{index}")
    broker.emit_before("process_boot")
    declare(broker, parts)
    broker.emit_after("process_boot")
    worker = Worker(broker, queues=queues(index, of), worker_threads=1, worker_timeout=50)
    worker.start()
    if index == 0:
        threading.Thread(target=_sweep, args=(parts, settings.sweep_seconds, stop), daemon=True).start()
    stop.wait()
    worker.stop(timeout=STOP)
    logger.debug("stopped")
    sys.stderr.flush()
    os._exit(0)  # a message that did not end in time is redelivered; its thread must not keep the process


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
