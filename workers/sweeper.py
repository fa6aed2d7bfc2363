"""The process of `tenderlake sweep`: the periodic tasks alone, beside any number of `tenderlake worker`."""

import os
import sys
import threading

from infrastructure.bootstrap import bootstrap, timeouts
from infrastructure.logging import set_up
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from infrastructure.system.heartbeat import start_heartbeat
from infrastructure.system.signals import set_on_stop_signal
from infrastructure.warehouse.migrate import stop_when_outdated
from workers.periodic_tasks import start_periodic_tasks
from workers.startup import refusing, wait_for_installation


def run() -> None:
    """Run until a stop signal."""
    set_private_umask()
    settings, stop = Settings(), threading.Event()
    set_up("sweep", settings.log_level, settings.log_format)
    set_on_stop_signal(stop)
    with refusing():
        parts = bootstrap(settings)
        wait_for_installation(settings, parts, stop)
    watched = settings.warehouse_url, timeouts(settings), stop
    threading.Thread(target=stop_when_outdated, args=watched, daemon=True).start()
    start_heartbeat(settings.heartbeat_file)
    start_periodic_tasks(parts, settings, stop)
    stop.wait()
    sys.stderr.flush()
    os._exit(0)  # a task in progress is repeated at the next start; its thread must not keep the process alive


if __name__ == "__main__":
    run()
