"""`python -m tests.infrastructure.queue.queue_worker URL NAME FOLDER SECONDS`: a worker with an actor `land` that
notes that it began, waits and notes that it ended.
"""

import sys
import threading
import time
from pathlib import Path

import dramatiq

from infrastructure.queue.broker import make_broker
from workers.worker_loop import run_workers, stage_queues


def main(url: str, name: str, folder: Path, seconds: float) -> None:
    """Work until killed."""
    broker = make_broker(url, name, stage_queues(1))

    def land(job: str) -> None:
        with (folder / f"{job}.began").open("a") as file:
            file.write(f"{name}\n")
        time.sleep(seconds)
        with (folder / f"{job}.ended").open("a") as file:
            file.write(f"{name}\n")

    dramatiq.set_broker(broker)
    dramatiq.actor(actor_name="land", queue_name="land", broker=broker, max_retries=1, time_limit=60_000)(land)
    run_workers([broker], threading.Event())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
