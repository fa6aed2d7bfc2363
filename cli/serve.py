"""`python -m cli.serve`: the API as a child process of `tenderlake up`, on the launcher's listening socket.

It migrates the warehouse first: it has the database libraries loaded anyway, which keeps the launcher small.
The launcher keeps the socket open across restarts, so clients wait instead of being refused.
"""

import socket
import sqlite3
import sys
import time

import uvicorn
from sqlalchemy.exc import DBAPIError

from cli.main import migrate
from cli.up.child_processes import REFUSED_EXIT_CODE
from domain.shared.errors import AwayError, StartupError, TenderlakeError
from infrastructure.bootstrap import bootstrap
from infrastructure.logging import set_up
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask
from services.maintenance.installation import claim_queue

AWAY_SECONDS = 0.5  # between two attempts to reach PostgreSQL or Redis
KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that none is closed during a request
SHUTDOWN_GRACE_SECONDS = 2  # for requests in progress


def main() -> None:
    """Serve until a signal ends the process."""
    set_private_umask()
    settings = Settings()
    set_up("api", settings.log_level)
    try:
        prepare_once_back()
    except TenderlakeError as error:
        print(f"tenderlake: {error.detail}", file=sys.stderr)
        raise SystemExit(REFUSED_EXIT_CODE) from None
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
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


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
        parts = bootstrap(Settings())
        claim_queue(parts.warehouse, parts.messages)
        parts.files.clean()
    except DBAPIError as error:
        cause = error.orig
        disk_full = isinstance(cause, sqlite3.Error) and "full" in str(cause)
        advice = "free space on its disk" if disk_full else "`tenderlake doctor` shows more"
        raise StartupError(f"the warehouse can't be used: {cause}; {advice}") from error
    except OSError as error:
        raise StartupError(f"the data folder can't be used: {error}") from error


if __name__ == "__main__":
    main()
