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


class WrongAnswerError(Exception):
    """Raised when a response is invalid, or does not match the request."""


@dataclass(frozen=True)
class RateQuestion:
    """A request: rates of 1 `base` in each of `currencies`, from `first` to `last`, both included."""

    base: str
    first: date
    last: date
    currencies: Sequence[str]


def read_answer(content: bytes, question: RateQuestion) -> list[ExchangeRate]:
    """The rates of the requested days, sorted by day and currency. WrongAnswerError if any value is invalid."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise WrongAnswerError(
            f"it is not JSON: {error}; it begins with {_shown(content[:SHOWN_CHARACTERS])}"
        ) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("rates"), dict):
        raise WrongAnswerError(f"it has no object `rates`; it begins with {_shown(content[:SHOWN_CHARACTERS])}")
    if answer.get("base") != question.base:
        raise WrongAnswerError(f"its base is {_shown(answer.get('base'))}, not the requested {question.base}")
    if answer.get("amount", 1) != 1 or isinstance(answer.get("amount"), bool):
        raise WrongAnswerError(f"its rates are for an amount of {_shown(answer.get('amount'))}, not 1")
    rates = [rate for day, values in answer["rates"].items() for rate in _of_day(_day(day, question), values, question)]
    return sorted(rate for rate in rates if rate.date >= question.first)


def _day(text: str, question: RateQuestion) -> date:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise WrongAnswerError(f"{_shown(text)} is not a date")
    if not question.first - EARLIER_MAX_DURATION <= day <= question.last:
        raise WrongAnswerError(f"it has rates of {day}, outside the requested {question.first} to {question.last}")
    return day


def _of_day(day: date, values: Any, question: RateQuestion) -> Iterator[ExchangeRate]:
    if not isinstance(values, dict):
        raise WrongAnswerError(f"the rates of {day} are {_shown(values)}, not an object")
    for currency, rate in values.items():
        if currency not in question.currencies:
            raise WrongAnswerError(f"it has a rate of {_shown(currency)} on {day}, which was not requested")
        if (
            isinstance(rate, bool)
            or not isinstance(rate, int | float)
            or not math.isfinite(rate)
            or not 0 < rate <= MAX_RATE
        ):
            raise WrongAnswerError(f"the rate of {currency} on {day} is {_shown(rate)}, not a number above 0")
        yield ExchangeRate(day, question.base, currency, float(rate))


def _shown(value: Any) -> str:
    return repr(value)[:SHOWN_CHARACTERS]
