"""The security log: who logged in or failed to, from where, and who changed credentials."""

from datetime import datetime
from threading import Lock

from loguru import logger

from domain.users.security_event import SecurityAction, SecurityEvent
from domain.users.user import valid_name
from services.ports.warehouse import Warehouse
from services.shared.clock import now
from services.shared.pages import Page, cut_page, decode_number

RECORDED_LOGINS_MAX = 10_000  # pairs of user and address that a process remembers


def record_login_failure(warehouse: Warehouse, name: str, address: str) -> None:
    """Count a wrong password. Unknown names are not stored: they may be passwords, and would fill the table.

    The caller gets the refusal even where this can't be written.
    """
    try:
        with warehouse.write() as work:
            actor = name if valid_name(name) and work.users.get(name) else ""
            work.security_events.add(SecurityAction.LOGIN_FAILED, actor, address, "", now())
            work.commit()
    except Exception as error:  # pylint: disable=broad-exception-caught
        logger.warning("a failed login could not be recorded: {}", type(error).__name__)


def record(warehouse: Warehouse, action: SecurityAction, actor: str, address: str, subject: str = "") -> None:
    """Record an event."""
    with warehouse.write() as work:
        work.security_events.add(action, actor, address, subject, now())
        work.commit()


class LoginRecorder:
    """Records that a user sent the right password with a request (HTTP Basic), once per user, address and hour.

    This process remembers what it has recorded, so other requests cost no query. A login that can't be recorded is
    logged as a warning; the request is answered.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = Lock()
        self._hour: datetime | None = None
        self._recorded: set[tuple[str, str]] = set()

    def record(self, name: str, address: str) -> None:
        """Record the login unless that was done in this hour. Blocks: call it in a thread."""
        hour, key = now().replace(minute=0, second=0, microsecond=0), (name, address)
        with self._lock:
            if hour != self._hour or len(self._recorded) >= RECORDED_LOGINS_MAX:
                self._hour, self._recorded = hour, set()
            if key in self._recorded:
                return
            self._recorded.add(key)
        try:
            record(self._warehouse, SecurityAction.LOGIN_SUCCEEDED, name, address)
        except Exception as error:  # pylint: disable=broad-exception-caught
            with self._lock:
                self._recorded.discard(key)
            logger.warning("a login could not be recorded: {}", type(error).__name__)


def list_events(
    warehouse: Warehouse, action: SecurityAction | None, cursor: str | None, limit: int
) -> Page[SecurityEvent]:
    """A page of the log, newest first."""
    with warehouse.read() as work:
        found = work.security_events.page(action, decode_number(cursor), limit + 1)
    return cut_page(found, limit, lambda event: [event.id])
