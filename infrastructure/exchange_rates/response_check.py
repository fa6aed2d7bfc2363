"""Checks a response of the exchange-rate service; one invalid value invalidates the whole response."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson

from domain.exchange_rates.conversion import MAX_RATE, ExchangeRate

EARLIER_MAX_DURATION = timedelta(days=10)  # a response may start at the last working day before the requested period
SHOWN_CHARACTERS = 60  # of an invalid value that are quoted in messages


class InvalidResponseError(Exception):
    """Raised when a response is invalid, or does not match the request."""


@dataclass(frozen=True)
class RateQuery:
    """A request: rates of 1 `base` in each of `currencies`, from `first` to `last`, both included."""

    base: str
    first: date
    last: date
    currencies: Sequence[str]


def read_response(content: bytes, query: RateQuery) -> list[ExchangeRate]:
    """The rates of the requested days, sorted by day and currency. InvalidResponseError if any value is invalid."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidResponseError(
            f"it is not JSON: {error}; it begins with {_shown(content[:SHOWN_CHARACTERS])}"
        ) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("rates"), dict):
        raise InvalidResponseError(f"it has no object `rates`; it begins with {_shown(content[:SHOWN_CHARACTERS])}")
    if answer.get("base") != query.base:
        raise InvalidResponseError(f"its base is {_shown(answer.get('base'))}, not the requested {query.base}")
    if answer.get("amount", 1) != 1 or isinstance(answer.get("amount"), bool):
        raise InvalidResponseError(f"its rates are for an amount of {_shown(answer.get('amount'))}, not 1")
    rates = [rate for day, values in answer["rates"].items() for rate in _of_day(_day(day, query), values, query)]
    return sorted(rate for rate in rates if rate.date >= query.first)


def _day(text: str, query: RateQuery) -> date:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidResponseError(f"{_shown(text)} is not a date")
    if not query.first - EARLIER_MAX_DURATION <= day <= query.last:
        raise InvalidResponseError(f"it has rates of {day}, outside the requested {query.first} to {query.last}")
    return day


def _of_day(day: date, values: Any, query: RateQuery) -> Iterator[ExchangeRate]:
    if not isinstance(values, dict):
        raise InvalidResponseError(f"the rates of {day} are {_shown(values)}, not an object")
    for currency, rate in values.items():
        if currency not in query.currencies:
            raise InvalidResponseError(f"it has a rate of {_shown(currency)} on {day}, which was not requested")
        if (
            isinstance(rate, bool)
            or not isinstance(rate, int | float)
            or not math.isfinite(rate)
            or not 0 < rate <= MAX_RATE
        ):
            raise InvalidResponseError(f"the rate of {currency} on {day} is {_shown(rate)}, not a number above 0")
        yield ExchangeRate(day, query.base, currency, float(rate))


def _shown(value: Any) -> str:
    return repr(value)[:SHOWN_CHARACTERS]
