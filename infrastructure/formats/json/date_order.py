"""Whether the dates of a text put the day or the month first, where any of them proves it; looked for only once a date with two readings was met."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from domain.shared.dates import DateOrder, proven_order
from services.ports.sources import Element

CHUNK_BYTES = 1 << 20
LONGEST_DATE = 40  # bytes of a text that begins with a date
BEGINS = rb'"\s*+(\d{1,2}(?:\\?/|[.-])\d{1,2}(?:\\?/|[.-])\d{4})'  # PHP writes slashes as \/
NUMERIC = re.compile(BEGINS)
DATE = re.compile(BEGINS + rb'[" T]')


def date_order(text: Path) -> DateOrder | None:
    """The order that the dates of the file prove; None where none does, or two contradict each other."""
    about = text.stat()
    return _order(text, about.st_size, about.st_mtime_ns)


def with_date_order(elements: Sequence[Element]) -> Sequence[Element]:
    """Elements of a text that goes once it is read: its order is found now, where one of them may have a date with two readings."""
    return [replace(one, date_order=_known(one.date_order())) if one.date_order and NUMERIC.search(one.raw) else one for one in elements]


def _known(order: DateOrder | None) -> Callable[[], DateOrder | None]:
    return lambda: order


@lru_cache(maxsize=64)  # each slice of a file asks anew
def _order(text: Path, size: int, changed: int) -> DateOrder | None:  # pylint: disable=unused-argument
    found: set[DateOrder] = set()
    before = b""
    with text.open("rb") as file:
        while len(found) < 2 and (piece := file.read(CHUNK_BYTES)):
            piece = before + piece
            found |= {order for date in DATE.findall(piece) if (order := proven_order(date.replace(b"\\", b"").decode()))}
            before = piece[-LONGEST_DATE:]
    return found.pop() if len(found) == 1 else None
