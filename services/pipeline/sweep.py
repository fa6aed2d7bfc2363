"""The sweep: sends the message of each stage or job that is behind and idle again, so that a lost message costs seconds
only.
"""

from datetime import timedelta

from loguru import logger

from services.pipeline.stages import STAGES
from services.ports.parts import Parts
from services.shared.clock import now

IDLE_DURATION = timedelta(seconds=10)  # longer than a slice of any stage


def sweep(parts: Parts) -> list[tuple[str, ...]]:
    """Send the messages that are due; returns them.

    Not those that wait in the queue or are being handled: a long queue must not grow by messages that it has.
    """
    since = now() - IDLE_DURATION
    with parts.warehouse.read() as work:
        idle = {stage.name: found for stage in STAGES if (found := stage.idle_messages(parts, work, since))}
    due = []
    for name, messages in idle.items():
        known = {args[:1] for args in parts.messages.pending(name)}  # of land, the job; its slice follows
        due += [(name, *args) for args in messages if args not in known]
    for message in due:
        logger.info("sweep: sending {} again", " ".join(message))
        parts.messages.send(*message)
    return due
