"""A worker process (see worker_loop.py): one of those that `tenderlake up` starts and numbers, or `tenderlake worker`.

It waits until the warehouse is migrated, and ends the leases of a dead predecessor of its name. Without a number its
name is unique on its machine, and it counts the live workers itself. The first numbered worker also runs the periodic
tasks; beside the others, `tenderlake sweep` does.
"""

import gc
import os
import sys
import threading
from typing import Annotated

import typer

from domain.shared.errors import AwayError
from infrastructure.bootstrap import bootstrap, timeouts
from infrastructure.logging import set_up
from infrastructure.queue.broker import make_broker
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from infrastructure.system.heartbeat import start_heartbeat
from infrastructure.system.signals import set_on_stop_signal
from infrastructure.warehouse.migrate import stop_when_outdated
from services.pipeline.landing.worker_leases import end_predecessor_leases, release_leases
from services.ports.parts import Parts
from workers.actors import declare
from workers.periodic_tasks import start_periodic_tasks
from workers.startup import refusing, wait_for_installation
from workers.worker_loop import count_workers, run_workers, side_queues, stage_queues, worker_name

AWAY_SECONDS = 0.5  # between checks whether an unavailable server is back
Index = Annotated[int | None, typer.Option(help="the number of this worker among those of `up`")]


def run(index: Index = None, of: int = 1) -> None:
    """Run until a stop signal."""
    set_private_umask()
    settings = Settings()
    set_up("worker" if index is None else f"worker-{index}", settings.log_level, settings.log_format)
    stop = threading.Event()
    set_on_stop_signal(stop)
    own = worker_name(settings.data_dir, os.getpid() if index is None else index)
    with refusing():
        parts = bootstrap(settings, own)
        wait_for_installation(settings, parts, stop, quiet=index is not None)
    if not stop.is_set():
        shares = {own: stage_queues(of)}
        shares |= {f"{own}-{queues.queues[0]}": queues for queues in side_queues(index or 0, of)}
        _end_predecessor_leases(parts, stop)
        brokers = [make_broker(settings.redis_url, label, queues) for label, queues in shares.items()]
        for broker in brokers:
            declare(broker, parts)
        _make_garbage_collection_rare()
        watched = settings.warehouse_url, timeouts(settings), stop
        threading.Thread(target=stop_when_outdated, args=watched, daemon=True).start()
        if index is None:
            count_workers(brokers[0], stop)
        if index == 0:
            start_periodic_tasks(parts, settings, stop)
        start_heartbeat(settings.heartbeat_file)
        run_workers(brokers, stop)
        release_leases(parts)
    sys.stderr.flush()
    os._exit(0)  # unfinished messages are redelivered; their threads must not keep the process alive


def _make_garbage_collection_rare() -> None:
    """Make garbage collection rare: records have no reference cycles, and scanning thousands of them finds none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _end_predecessor_leases(parts: Parts, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            end_predecessor_leases(parts)
            return
        except AwayError:
            stop.wait(AWAY_SECONDS)


if __name__ == "__main__":
    typer.run(run)
