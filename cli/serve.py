"""`python -m cli.serve [DESCRIPTOR]`: the API, as a child process of `tenderlake up` or alone (`tenderlake api`).

As a child it serves on the launcher's listening socket, which the launcher keeps open across restarts, so that clients
wait instead of being refused; and it migrates the warehouse first: it has the database libraries loaded anyway, which
keeps the launcher small. Alone it waits until `tenderlake migrate` has migrated the warehouse, and then listens itself.
"""

import socket
import sys
import time
from threading import Event

import uvicorn
from sqlalchemy.exc import DBAPIError

from cli.errors import warehouse_error
from cli.main import migrate
from cli.up.start_checks import listen
from domain.shared.errors import AwayError, StartupError
from infrastructure.bootstrap import bootstrap
from infrastructure.logging import set_up
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from infrastructure.system.signals import set_on_stop_signal
from workers.startup import refusing, wait_for_installation

AWAY_SECONDS = 0.5  # between two attempts to reach PostgreSQL or Redis
KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that none is closed during a request
SHUTDOWN_GRACE_SECONDS = 2  # for requests in progress


def main() -> None:
    """Serve until a signal ends the process."""
    set_private_umask()
    settings, stop = Settings(), Event()
    set_up("api", settings.log_level, settings.log_format)
    with refusing():
        if len(sys.argv) > 1:
            prepare_once_back()
            listener = socket.socket(fileno=int(sys.argv[1]))
        else:
            set_on_stop_signal(stop)  # uvicorn handles signals itself, and restores this at its end: exit code 0
            parts = bootstrap(settings)
            wait_for_installation(settings, parts, stop)
            parts.files.clean()
            listener = listen(settings.host, settings.port)
    if stop.is_set():
        return
    # Given by name: the command line does not import the API (tests/test_architecture.py).
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # api/app.py honours those of TENDERLAKE_TRUSTED_PROXIES
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listener])


def prepare_once_back() -> None:
    """Run `prepare` as soon as PostgreSQL and Redis answer.

    An installation may start before its servers, and the API may restart while they are away.
    """
    while True:
        try:
            return prepare()
        except AwayError:
            time.sleep(AWAY_SECONDS)


def prepare() -> None:
    """Run migrations, claim the queue and clean the file store. StartupError with one line of advice on failure."""
    try:
        migrate()
        bootstrap(Settings()).files.clean()
    except DBAPIError as error:
        raise warehouse_error(error) from error
    except OSError as error:
        raise StartupError(f"the data folder can't be used: {error}") from error


if __name__ == "__main__":
    main()
