"""Starts the erase stage once the index stage has passed the purge."""

from services.ports.parts import Parts


def wake_erase(parts: Parts) -> None:
    """Send the erase message if a purge is due."""
    with parts.warehouse.read() as work:
        due = work.audit.due(work.watermarks.get("index").seq)
    if due:
        parts.messages.send("erase")
