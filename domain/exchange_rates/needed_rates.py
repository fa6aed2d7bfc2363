"""Which exchange rates to ask for: those that facts need and that are not known yet. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from domain.exchange_rates.conversion import RATE_MAX_AGE_DAYS

PIVOT_CURRENCY = "EUR"  # what rates are asked for in units of: all others follow from these
MERGE_GAP_DAYS = 30  # days between two needs from which on they are asked for one by one
REQUEST_MAX_DAYS = 366  # days of one question
CODE = re.compile("[A-Z]{3}")


class RateNeed(NamedTuple):
    """Facts in this currency are of this day and have no rate of it; `converted` with an older one, or not at all."""

    currency: str
    day: date
    converted: bool


class RatePeriod(NamedTuple):
    """A question: these currencies from `first` to `last`, both included."""

    first: date
    last: date
    currencies: tuple[str, ...]


def plan_periods(needs: Iterable[RateNeed], newest: Mapping[str, date], base: str) -> list[RatePeriod]:
    """The questions that answer the needs, the newest days first. `newest` is the newest day that each currency has a rate of.

    A fact that was converted with an older rate needs a newer one only where none is known from its day on: on a Sunday there is none.
    """
    wanted = []
    for need in needs:
        legs = {need.currency, base} - {PIVOT_CURRENCY}
        if CODE.fullmatch(need.currency) and (not need.converted or any(newest.get(leg, date.min) < need.day for leg in legs)):
            wanted.append((need.day, legs))
    runs: list[list[tuple[date, set[str]]]] = []
    for day, legs in sorted(wanted, key=lambda one: one[0]):
        if runs and (day - runs[-1][-1][0]).days <= MERGE_GAP_DAYS:
            runs[-1].append((day, legs))
        else:
            runs.append([(day, legs)])
    stretches = [stretch for run in runs for stretch in split_period(_earlier(run[0][0]), run[-1][0], set().union(*(legs for _, legs in run)))]
    return sorted(stretches, reverse=True)


def split_period(first: date, last: date, currencies: Iterable[str]) -> list[RatePeriod]:
    """The days from `first` to `last` as questions that are short enough."""
    names = tuple(sorted(set(currencies) - {PIVOT_CURRENCY}))
    days = range((last - first).days + 1) if names else ()
    parts = [[*group] for _, group in groupby(days, key=lambda number: number // REQUEST_MAX_DAYS)]
    return [RatePeriod(first + timedelta(days=part[0]), first + timedelta(days=part[-1]), names) for part in parts]


def _earlier(day: date) -> date:
    return day - timedelta(days=RATE_MAX_AGE_DAYS) if day - date.min > timedelta(days=RATE_MAX_AGE_DAYS) else date.min
