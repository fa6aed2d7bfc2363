"""Finds whether the dates of a JSON file put the day or the month first, from the dates that have one reading only.

The file is searched only if an element has an ambiguous date such as 02/03/2024.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from domain.shared.dates import DateOrder, proven_order
from services.ports.sources import Element

CHUNK_BYTES = 1 << 20
DATE_MAX_BYTES = 40  # bytes; overlap of two chunks, so that a date across their border is found
BEGINS = rb'"\s*+(\d{1,2}(?:\\?/|[.-])\d{1,2}(?:\\?/|[.-])\d{4})'  # PHP writes slashes as \/
NUMERIC = re.compile(BEGINS)
DATE = re.compile(BEGINS + rb'[" T]')


def date_order(text: Path) -> DateOrder | None:
    """The order that the dates of the file prove; None if none does, or two contradict each other."""
    about = text.stat()
    return _order(text, about.st_size, about.st_mtime_ns)


def with_date_order(elements: Sequence[Element]) -> Sequence[Element]:
    """Elements of a file that is removed after reading: the order is found now if an element may have an ambiguous
    date.
    """
    return [
        replace(element, date_order=_known(element.date_order()))
        if element.date_order and NUMERIC.search(element.raw)
        else element
        for element in elements
    ]


def _known(order: DateOrder | None) -> Callable[[], DateOrder | None]:
    return lambda: order


@lru_cache(maxsize=64)  # each slice of a file asks again
def _order(text: Path, size: int, changed: int) -> DateOrder | None:  # pylint: disable=unused-argument
    found: set[DateOrder] = set()
    overlap = b""
    with text.open("rb") as file:
        while len(found) < 2 and (chunk := file.read(CHUNK_BYTES)):
            chunk = overlap + chunk
            found |= {
                order for date in DATE.findall(chunk) if (order := proven_order(date.replace(b"\\", b"").decode()))
            }
            overlap = chunk[-DATE_MAX_BYTES:]
    return found.pop() if len(found) == 1 else None
