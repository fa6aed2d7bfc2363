"""Dates written as three numbers with the year last, such as 02/03/2024, and their possible readings. Pure."""

import re
from datetime import date, datetime, time
from typing import NamedTuple

from domain.shared.dates import DateOrder

NUMERIC = re.compile(
    r"(\d{1,2})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{4})(?:[T,\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap])?\.?\s*(?(8)m\.?))?",
    re.IGNORECASE,
)
NOON = 12  # hours


class NumericDate(NamedTuple):
    """A numeric date: its separator and its readings in ISO 8601; more than one only if it is ambiguous."""

    separator: str
    readings: dict[DateOrder, str]

    @property
    def ambiguous(self) -> bool:
        return len(set(self.readings.values())) > 1

    @property
    def decides(self) -> DateOrder | None:
        """The order if only one is possible, else None."""
        return next(iter(self.readings)) if len(self.readings) == 1 else None


def numeric_date(text: str) -> NumericDate | None:
    """The text as a numeric date; None if it is none or has no valid reading."""
    found = NUMERIC.fullmatch(text.strip())
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    readings: dict[DateOrder, str] = {}
    for order, day, month in ((DateOrder.DAY_FIRST, first, second), (DateOrder.MONTH_FIRST, second, first)):
        try:
            moment = datetime.combine(date(year, month, day), _time(found))
        except ValueError:
            continue
        readings[order] = moment.date().isoformat() if found[5] is None else moment.isoformat()
    return NumericDate(found[2], readings) if readings else None


def describe_readings(written: NumericDate) -> str:
    """The readings, for messages."""
    return " or ".join(f"{text} ({order})" for order, text in written.readings.items())


def _time(found: re.Match[str]) -> time:
    hour, minute, second, half = int(found[5] or 0), int(found[6] or 0), int(found[7] or 0), (found[8] or "").lower()
    if half and not 1 <= hour <= NOON:
        raise ValueError(hour)
    if half:
        hour = hour % NOON + (NOON if half == "p" else 0)
    return time(hour, minute, second)
