"""Messages of the command line for errors of the database."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from domain.shared.errors import StartupError


def warehouse_error(error: DBAPIError) -> StartupError:
    """One line with the cause and advice."""
    cause = error.orig
    disk_full = isinstance(cause, sqlite3.Error) and "full" in str(cause)
    advice = "free space on its disk" if disk_full else "`tenderlake doctor` shows more"
    return StartupError(f"the warehouse can't be used: {' '.join(str(cause).split())}; {advice}")
