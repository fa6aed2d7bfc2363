"""The exchange-rate service."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.exchange_rates.conversion import ExchangeRate


class RateService(Protocol):
    """A public service of exchange rates."""

    def rates(self, base: str, first: date, last: date, currencies: Sequence[str]) -> list[ExchangeRate]:
        """1 `base` in each of the currencies that it knows, on the days that it has.

        UnavailableError where it can't be asked or believed.
        """
