"""Plans which exchange rates to fetch: those that facts need and that are unknown. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from domain.exchange_rates.conversion import RATE_MAX_AGE_DAYS

PIVOT_CURRENCY = "EUR"  # base of all fetched rates; rates between other currencies are derived from these
MERGE_GAP_DAYS = 30  # needs further apart are fetched by separate requests
REQUEST_MAX_DAYS = 366  # longest period of one request
CODE = re.compile("[A-Z]{3}")


class RateNeed(NamedTuple):
    """A currency and day of facts without a rate of that day; `converted`: whether they use an older rate."""

    currency: str
    day: date
    converted: bool


class RatePeriod(NamedTuple):
    """One request: these currencies from `first` to `last`, both inclusive."""

    first: date
    last: date
    currencies: tuple[str, ...]


def plan_periods(needs: Iterable[RateNeed], newest: Mapping[str, date], base: str) -> list[RatePeriod]:
    """Requests that cover the needs, latest period first. `newest` maps a currency to the newest day with a rate.

    Facts converted with an older rate need a fetch only if no rate from their day on is known: on a Sunday none exists.
    """
    wanted = []
    for need in needs:
        legs = {need.currency, base} - {PIVOT_CURRENCY}
        if CODE.fullmatch(need.currency) and (
            not need.converted or any(newest.get(leg, date.min) < need.day for leg in legs)
        ):
            wanted.append((need.day, legs))
    runs: list[list[tuple[date, set[str]]]] = []
    for day, legs in sorted(wanted, key=lambda item: item[0]):
        if runs and (day - runs[-1][-1][0]).days <= MERGE_GAP_DAYS:
            runs[-1].append((day, legs))
        else:
            runs.append([(day, legs)])
    periods = []
    for run in runs:
        currencies = set().union(*(legs for _, legs in run))
        periods += split_period(_earlier(run[0][0]), run[-1][0], currencies)
    return sorted(periods, reverse=True)


def split_period(first: date, last: date, currencies: Iterable[str]) -> list[RatePeriod]:
    """Split the days from `first` to `last` into requests of at most REQUEST_MAX_DAYS."""
    names = tuple(sorted(set(currencies) - {PIVOT_CURRENCY}))
    days = range((last - first).days + 1) if names else ()
    chunks = [[*group] for _, group in groupby(days, key=lambda number: number // REQUEST_MAX_DAYS)]
    return [RatePeriod(first + timedelta(days=chunk[0]), first + timedelta(days=chunk[-1]), names) for chunk in chunks]


def _earlier(day: date) -> date:
    return day - timedelta(days=RATE_MAX_AGE_DAYS) if day - date.min > timedelta(days=RATE_MAX_AGE_DAYS) else date.min
