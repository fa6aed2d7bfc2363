"""OCDS JSON in every form: packages, records, bare releases, arrays, concatenated values, and JSON Lines; read in slices.

A position is a small JSON object that says where the next slice begins; reading on from it costs nothing but a seek.
"""

from functools import partial
from pathlib import Path
from typing import Any

import orjson

from infrastructure.formats.json.date_order import date_order
from infrastructure.formats.json.lines import LineReader
from infrastructure.formats.json.values import ValueReader
from services.ports.sources import Slice

Position = dict[str, Any]
PEEK_BYTES = 4 << 20
SAMPLE_LINES = 20  # lines looked at
UNFINISHED = (b"[", b"{", b",", b":")  # how a line ends that is no value by itself


def recognise(text: Path) -> Position | None:
    """Where reading begins, or None where this is no JSON."""
    with text.open("rb") as file:
        head = file.read(PEEK_BYTES)
        whole = not file.read(1)
    body = head.lstrip(b" \t\r\n\x00\x1e\xef\xbb\xbf")
    begins = body.startswith((b"{", b"["))
    if not begins and b"\x00" in body[:1024]:  # an archive, perhaps with lines of JSON in it
        return None
    if _by_lines(head, whole):
        return {"form": "lines", "offset": 0, "line": 1}
    return {"form": "values", "offset": 0, "line": 1} if begins else None


def read(text: Path, name: str, position: Position, limit: int, longest: int) -> Slice:
    """The next `limit` elements, or fewer where they are large; elements longer than `longest` bytes are refused."""
    with text.open("rb") as file:
        reader = LineReader if position["form"] == "lines" else ValueReader
        return reader(file, name, longest, partial(date_order, text)).read(position, limit)


def _by_lines(head: bytes, whole: bool) -> bool:
    """Whether more than half of the first lines are objects or arrays by themselves, and there is more than one.

    Where it is just half of them, the first line decides: in a list that is written with its commas on lines of their own, it says that something follows.
    """
    lines = [line for part in head.split(b"\n", SAMPLE_LINES * 2) if (line := part.strip(b" \t\r\x00\x1e\xef\xbb\xbf"))]
    complete = lines[:SAMPLE_LINES] if whole or len(lines) > SAMPLE_LINES else lines[:-1]
    more = 2 * sum(map(_alone, complete)) - len(complete)
    return len(lines) > 1 and bool(complete) and (more > 0 or (more == 0 and not complete[0].endswith(UNFINISHED)))


def _alone(line: bytes) -> bool:
    if not line.startswith((b"{", b"[")):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
