"""`tenderlake api`, `worker` and `sweep`: one process each, for installations whose processes run apart (containers).

The command is replaced by the process that `tenderlake up` starts, in the same environment.
"""

import os
import sys
from typing import NoReturn

from cli.processes.environment import process_environment
from cli.up import start_checks
from cli.up.child_processes import python
from domain.shared.errors import StartupError
from infrastructure.queue.redis_server import local_url
from infrastructure.settings import Settings
from infrastructure.system.exit_codes import REFUSED_EXIT_CODE


def api() -> None:
    """Serve the API alone, once `tenderlake migrate` has migrated the warehouse."""
    _become(python("cli.serve"))


def worker() -> None:
    """Run one worker; any number of them may run, on any number of machines that share the data folder."""
    _become(python("workers.main"))


def sweep() -> None:
    """Run the sweep: sends lost messages again, repeats deliveries, repairs search and fetches exchange rates."""
    _become(python("workers.sweeper"))


def _become(argv: list[str]) -> NoReturn:
    settings = Settings()
    try:
        folder = start_checks.data_folder(settings.data_dir)
    except StartupError as error:
        print(f"tenderlake: {error.detail}", file=sys.stderr)
        raise SystemExit(REFUSED_EXIT_CODE) from None
    queue_url = settings.redis_url or local_url(folder)
    os.execve(argv[0], list(argv), process_environment(settings, folder, queue_url))  # noqa: S606
