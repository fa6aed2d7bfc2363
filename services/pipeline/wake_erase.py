"""When what was purged can be erased: once search is past it."""

from services.ports.parts import Parts


def wake_erase(parts: Parts) -> None:
    """Send the message where something is due."""
    with parts.warehouse.read() as work:
        due = work.audit.due(work.watermarks.get("index").seq)
    if due:
        parts.messages.send("erase")
