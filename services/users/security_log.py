"""The security log: who logged in or failed to, from where, and who changed credentials."""

from loguru import logger

from domain.users.security_event import SecurityAction, SecurityEvent
from domain.users.user import valid_name
from services.ports.warehouse import Warehouse
from services.shared.clock import now
from services.shared.pages import Page, cut_page, decode_number


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


def list_events(
    warehouse: Warehouse, action: SecurityAction | None, cursor: str | None, limit: int
) -> Page[SecurityEvent]:
    """A page of the log, newest first."""
    with warehouse.read() as work:
        found = work.security_events.page(action, decode_number(cursor), limit + 1)
    return cut_page(found, limit, lambda event: [event.id])
