"""`python -m cli.serve`: the API as a child of `tenderlake up`, on the listening socket that the launcher holds.

It migrates the warehouse before it serves, because it has the database's libraries loaded anyway and the launcher stays light.
The socket outlives this process: callers wait out a restart instead of being refused.
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

AWAY_SECONDS = 0.5  # between two looks whether a server that is away is back
KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that none is closed under a request
GRACE = 2  # seconds that requests under way get at the end


def main() -> None:
    """Serve until told to stop."""
    set_private_umask()
    settings = Settings()
    set_up("api", settings.log_level)
    try:
        prepare_once_back()
    except TenderlakeError as error:
        print(f"tenderlake: {error.detail}", file=sys.stderr)
        raise SystemExit(REFUSED_EXIT_CODE) from None
    # By its name, since the command line stands beside the API and does not import it.
    config = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


def prepare_once_back() -> None:
    """`prepare` once PostgreSQL and Redis answer: an installation may start before its servers, and its API again while they are away."""
    while True:
        try:
            return prepare()
        except AwayError:
            time.sleep(AWAY_SECONDS)


def prepare() -> None:
    """Migrations and the first user. StartupError, one line, where the database does not let us."""
    try:
        migrate()
        parts = bootstrap(Settings())
        claim_queue(parts.warehouse, parts.messages)
        parts.files.clean()
    except DBAPIError as error:
        cause = error.orig
        advice = "make room on its disk" if isinstance(cause, sqlite3.Error) and "full" in str(cause) else "tenderlake doctor says more"
        raise StartupError(f"the warehouse can't be used: {cause}; {advice}") from error
    except OSError as error:
        raise StartupError(f"the data folder can't be used: {error}") from error


if __name__ == "__main__":
    main()
