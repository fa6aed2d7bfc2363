"""Start of a process: it waits until the installation is ready, and checks that it belongs to it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from domain.shared.errors import AwayError, TenderlakeError
from infrastructure.bootstrap import timeouts, vault
from infrastructure.settings import Settings
from infrastructure.system.exit_codes import REFUSED_EXIT_CODE
from infrastructure.warehouse.migrate import wait_until_current
from services.maintenance.installation import is_installed
from services.ports.parts import Parts

POLL_SECONDS = 0.5  # between two checks whether the installation is there


def wait_for_installation(settings: Settings, parts: Parts, stop: Event, *, quiet: bool = False) -> None:
    """Return when the warehouse is migrated and has its installation, or when `stop` is set.

    StartupError if the data folder or the queue belongs to another installation. `quiet`: see `wait_until_current`.
    """
    wait_until_current(settings.warehouse_url, timeouts(settings), stop, quiet=quiet)
    while not stop.is_set():
        try:
            if is_installed(parts.warehouse, parts.messages, vault(settings), settings.data_dir):
                return
        except AwayError:  # its adapter logs it
            pass
        stop.wait(POLL_SECONDS)


@contextmanager
def refusing() -> Iterator[None]:
    """End the process with one line of advice if it can't be started as it is configured."""
    try:
        yield
    except TenderlakeError as error:
        sys.stderr.write(f"tenderlake: {error.detail}\n")
        raise SystemExit(REFUSED_EXIT_CODE) from None
