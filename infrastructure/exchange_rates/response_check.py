"""An answer of the exchange-rate service, believed only where all of it can be true: one wrong value makes all of it worthless."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson

from domain.exchange_rates.conversion import MAX_RATE, ExchangeRate

EARLIER_MAX_DURATION = timedelta(days=10)  # a service may begin at the last working day before the first day asked for
SHOWN_CHARACTERS = 60  # characters of a wrong value that are said back


class WrongAnswerError(Exception):
    """Raised when an answer can't be true, or is not what was asked for."""


@dataclass(frozen=True)
class RateQuestion:
    """What was asked for: 1 `base` in each of `currencies`, from `first` to `last`, both included."""

    base: str
    first: date
    last: date
    currencies: Sequence[str]


def read_answer(content: bytes, asked: RateQuestion) -> list[ExchangeRate]:
    """The rates of the days asked for, by day and currency. WrongAnswerError where anything in the answer is wrong."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise WrongAnswerError(f"it is no JSON: {error}; it begins with {_shown(content[:SHOWN_CHARACTERS])}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("rates"), dict):
        raise WrongAnswerError(f"it has no object `rates`; it begins with {_shown(content[:SHOWN_CHARACTERS])}")
    if answer.get("base") != asked.base:
        raise WrongAnswerError(f"its base is {_shown(answer.get('base'))}, and {asked.base} was asked for")
    if answer.get("amount", 1) != 1 or isinstance(answer.get("amount"), bool):
        raise WrongAnswerError(f"it is for an amount of {_shown(answer.get('amount'))} and not of 1")
    rates = [rate for day, values in answer["rates"].items() for rate in _of_day(_day(day, asked), values, asked)]
    return sorted(rate for rate in rates if rate.date >= asked.first)


def _day(text: str, asked: RateQuestion) -> date:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise WrongAnswerError(f"{_shown(text)} is no day")
    if not asked.first - EARLIER_MAX_DURATION <= day <= asked.last:
        raise WrongAnswerError(f"it has rates of {day}, and {asked.first} to {asked.last} was asked for")
    return day


def _of_day(day: date, values: Any, asked: RateQuestion) -> Iterator[ExchangeRate]:
    if not isinstance(values, dict):
        raise WrongAnswerError(f"the rates of {day} are {_shown(values)} and no object")
    for currency, rate in values.items():
        if currency not in asked.currencies:
            raise WrongAnswerError(f"it has a rate of {_shown(currency)} on {day}, which was not asked for")
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or not 0 < rate <= MAX_RATE:
            raise WrongAnswerError(f"the rate of {currency} on {day} is {_shown(rate)} and no number above 0")
        yield ExchangeRate(day, asked.base, currency, float(rate))


def _shown(value: Any) -> str:
    return repr(value)[:SHOWN_CHARACTERS]
