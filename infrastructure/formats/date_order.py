"""Whether the dates of a text put the day or the month first, where any of them proves it; looked for only once a date with two readings was met."""

import re
from functools import lru_cache
from pathlib import Path

from domain.instants import Order, shown_order

CHUNK_BYTES = 1 << 20
LONGEST_DATE = 40  # bytes of a text that begins with a date
DATE = re.compile(rb'"\s*+(\d{1,2}[/.-]\d{1,2}[/.-]\d{4})[" T]')


def date_order(text: Path) -> Order | None:
    """The order that the dates of the file prove; None where none does, or two contradict each other."""
    about = text.stat()
    return _order(text, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=64)  # each slice of a file asks anew
def _order(text: Path, size: int, changed: int) -> Order | None:  # pylint: disable=unused-argument
    found: set[Order] = set()
    before = b""
    with text.open("rb") as file:
        while len(found) < 2 and (piece := file.read(CHUNK_BYTES)):
            piece = before + piece
            found |= {order for date in DATE.findall(piece) if (order := shown_order(date.decode()))}
            before = piece[-LONGEST_DATE:]
    return found.pop() if len(found) == 1 else None
