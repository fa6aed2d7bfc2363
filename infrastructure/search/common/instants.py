"""Dates as both engines hold them: microseconds since 1970, for dates of their own lose everything below the second."""

from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime | str) -> int:
    """Microseconds since 1970; an instant without zone is taken as UTC."""
    found = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    gap = (found if found.tzinfo else found.replace(tzinfo=UTC)) - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds
