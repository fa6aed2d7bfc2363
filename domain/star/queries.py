"""Queries of the star: readable field names, typed values, conditions, order and page. Pure.

`infrastructure/warehouse/star/readable_fields.py` maps the fields to columns.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Literal

FACTS = ("process", "award", "contract", "item", "bid", "transaction", "amendment", "document", "note", "red_flag")
DIMENSIONS = (
    "date",
    "organization",
    "procedure",
    "classification",
    "location",
    "currency",
    "source",
    "status",
    "exchange_rate",
    "indicator",
)
Table = Literal["fact", "dimension", "mart"]  # lists of rows
Operator = Literal["eq", "gte", "lte", "in", "like", "prefix", "null", "named", "within"]
INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class FieldKind(StrEnum):
    """Type of a field, which defines how its values are written in a filter."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    INSTANT = "instant"
    DATE = "date"
    BOOLEAN = "boolean"
    ORGANIZATION = "organization"  # the id of an organisation, or any name it has had


@dataclass(frozen=True)
class Condition:
    """A condition on `field`: equal to, starting with, like or named as any of `values` (eq, prefix, like, named); in
    any of these (first, last) ranges (within); at least or at most the only value (gte, lte); missing or not (null).

    In a pattern of `like`, `%` is any text and `_` any character, unless a backslash is before it; case is ignored.
    `in` is how clients write several values of `eq`; conditions have `eq`.
    """

    field: str
    operator: Operator
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sort:
    """Order by one field; missing values come last in both directions."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class RowQuery:
    """Query of rows of a fact or dimension.

    `after` holds the last row of the previous page: sort values, then key. Without `fields`, rows have all
    that they show.
    """

    of: str
    where: tuple[Condition, ...] = ()
    sort: tuple[Sort, ...] = ()
    after: tuple[Any, ...] | None = None
    limit: int = 50
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowPage:
    """Rows as nested JSON-like values, and the start of the next page (None at the end)."""

    rows: list[dict[str, Any]]
    following: tuple[Any, ...] | None


def read_value(kind: FieldKind, text: str, *, end: bool = False) -> Any:
    """Parse `text` as a value. A date means its first instant, or with `end` its last.

    ValueError's message says which form is expected.
    """
    return READERS[kind](text, end)


def _text(text: str, _end: bool) -> str:
    return text


def _integer(text: str, _end: bool) -> int:
    if not INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError("a whole number of at most 63 bits")
    return int(text)


def _number(text: str, _end: bool) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("a number")
    return value


def _instant(text: str, end: bool) -> datetime:
    expected = "a date such as 2024-01-31, or a date-time such as 2024-01-31T12:00:00Z (UTC where no zone is given)"
    try:
        if DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time.max if end else time.min, UTC)
        # '+' arrives as a space in a query string that was not encoded.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(expected) from error


def _date(text: str, _end: bool) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("a date such as 2024-01-31") from error


def _boolean(text: str, _end: bool) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError("true or false")
    return text.lower() in {"true", "1"}


READERS: dict[FieldKind, Callable[[str, bool], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.INTEGER: _integer,
    FieldKind.NUMBER: _number,
    FieldKind.INSTANT: _instant,
    FieldKind.DATE: _date,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.ORGANIZATION: _text,
}
