"""Parses published dates to instants in UTC; ambiguous dates are never guessed."""

import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache

CALENDAR_YEARS = (1990, 2069)  # first and last year of the calendar dimension
ZONED = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|z|[+-]\d{2}:?(\d{2})?)$")
BEFORE_ZONE = re.compile(r"(?<=\d) +(?=(?:[Zz]|[+-]\d{2}:?\d{2})$)")
LEAP_SECOND = re.compile(r"(?<=:\d{2}:)60(?=[.,Zz+-])")
MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
NUMERIC = re.compile(r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$")
FORMATS = ("%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%d %B %Y", "%d %b %Y")
NO_ZONE = "no zone given, read as UTC"


class DateOrder(StrEnum):
    """Order of day and month in numeric dates."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


@lru_cache(maxsize=8192)  # dates repeat within a release and among those of one publisher and day
def instant(text: str, order: DateOrder | None = None) -> tuple[datetime, str] | None:
    """(instant in UTC, assumption; "" for an RFC 3339 date-time), or None if it is no date.

    Without a zone, UTC is assumed; without a time, 00:00:00. `02/03/2024` is ambiguous: None unless `order` is given;
    `25/12/2024` and `03/03/2024` are not.
    """
    text = text.strip()
    if ZONED.match(text):
        found = _zoned(text)
        return (found, "") if found else None
    spaced = BEFORE_ZONE.sub("", text)
    if spaced != text and ZONED.match(spaced):
        found = _zoned(spaced)
        return (found, "a space before the time zone") if found else None
    found = _parse(text)
    if found is not None:
        return found, NO_ZONE
    if MONTH.match(text):
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC), f"a month, read as its first day; {NO_ZONE}"
    if numeric := NUMERIC.match(text):
        return _numeric(numeric, order)
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC), f"not an ISO 8601 date; {NO_ZONE}"
        except ValueError:
            continue
    return None


def possible_days(text: str) -> tuple[date, date] | None:
    """The two days that an ambiguous date can mean, day first and month first; None if it is not ambiguous."""
    numeric = NUMERIC.match(text.strip())
    if numeric is None:
        return None
    days = {order: _day(numeric, order) for order in DateOrder}
    first, second = days[DateOrder.DAY_FIRST], days[DateOrder.MONTH_FIRST]
    return (first, second) if first and second and first != second else None


def proven_order(text: str) -> DateOrder | None:
    """The order that an unambiguous date proves, like 25/12/2024; None if it proves none."""
    numeric = NUMERIC.match(text.strip())
    found = [order for order in DateOrder if numeric and _day(numeric, order)]
    return found[0] if len(found) == 1 else None


def rfc3339(moment: datetime) -> str:
    """A UTC instant as RFC 3339 text; years have four digits."""
    return moment.isoformat().replace("+00:00", "Z")


def _zoned(text: str) -> datetime | None:
    """Parse RFC 3339, also in lower case. A leap second at the end of a UTC day is read as the second before it."""
    plain = LEAP_SECOND.sub("59", text)
    found = _parse(plain.replace(",", ".").replace("z", "Z"))
    if found and plain != text and (found.hour, found.minute) != (23, 59):
        return None
    return found


def _numeric(numeric: re.Match[str], order: DateOrder | None) -> tuple[datetime, str] | None:
    days = {day for one in DateOrder if (day := _day(numeric, one)) and order in {one, None}}
    if len(days) != 1:
        return None
    hour, minute, second = (int(part or 0) for part in numeric.groups()[4:])
    try:
        return datetime.combine(days.pop(), time(hour, minute, second), UTC), f"not an ISO 8601 date; {NO_ZONE}"
    except ValueError:
        return None


def _day(numeric: re.Match[str], order: DateOrder) -> date | None:
    first, second = int(numeric[1]), int(numeric[3])
    try:
        return (
            date(int(numeric[4]), second, first)
            if order is DateOrder.DAY_FIRST
            else date(int(numeric[4]), first, second)
        )
    except ValueError:
        return None


def _parse(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
