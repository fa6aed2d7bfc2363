"""Dates as publishers write them, read as instants in UTC."""

import re
from datetime import UTC, datetime
from functools import lru_cache

ZONED = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|z|[+-]\d{2}:?(\d{2})?)$")
FORMATS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%d %B %Y", "%d %b %Y", "%Y-%m")


@lru_cache(maxsize=8192)  # the dates of one release, and of one publisher's day, are often the same
def instant(text: str) -> tuple[datetime, str] | None:
    """(the instant, what was assumed to read it: "" for a proper RFC 3339 date-time), or None where it is no date.

    A date without a zone is read as UTC, one without a time as its first second; `01/02/2024` as day, month, year.
    """
    text = text.strip()
    if ZONED.match(text):
        found = _parse(text.replace(",", ".").replace("z", "Z"))
        return (found, "") if found else None
    found = _parse(text)
    if found is not None:
        return found, "no zone given, read as UTC"
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC), "not an ISO 8601 date"
        except ValueError:
            continue
    return None


def rfc3339(date: datetime) -> str:
    """An instant in UTC as RFC 3339 text, years of four digits."""
    return date.isoformat().replace("+00:00", "Z")


def _parse(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
