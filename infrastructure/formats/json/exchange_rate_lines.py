"""Exchange-rate records as JSON Lines, the format in which fetched rates are stored.

Example: {"date": "2024-01-31", "base": "EUR", "currency": "USD", "rate": 1.0837}
"""

from dataclasses import replace
from pathlib import Path

import orjson

from domain.jobs.job import Position
from domain.raw_records.record import Kind
from infrastructure.formats.json.lines import BLANK, LineReader
from services.ports.sources import Slice

FIRST = 4_096  # bytes in which the first line must end
FIELDS = {"date", "currency", "rate"}


class RateLines:
    """Recognises the format by its first line."""

    name = "rate-lines"
    kind = "exchange rates as JSON Lines (date, base, currency, rate)"
    binary = False

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def recognise(self, text: Path, filename: str) -> Position | None:  # pylint: disable=unused-argument
        """The first position; None if the first line is no exchange rate."""
        with text.open("rb") as file:
            head = file.read(FIRST).lstrip(BLANK)
        try:
            first = orjson.loads(head.partition(b"\n")[0])
        except orjson.JSONDecodeError:
            return None
        return (
            {"form": "lines", "offset": 0, "line": 1}
            if isinstance(first, dict) and first.keys() >= FIELDS and "ocid" not in first
            else None
        )

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """The next slice."""
        with text.open("rb") as file:
            found = LineReader(file, filename, self.longest).read(position, limit)
        return replace(
            found, elements=[replace(element, kind=Kind.EXCHANGE_RATES, package=None) for element in found.elements]
        )
