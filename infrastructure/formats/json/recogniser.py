"""OCDS JSON in every form: packages, OCDS records, bare releases, arrays, concatenated values and JSON Lines.

It is read in slices. A position is a small JSON object with the offset of the next slice, so that resuming is one seek.
"""

from functools import partial
from pathlib import Path

import orjson

from domain.jobs.job import Position
from infrastructure.formats.json.date_order import date_order
from infrastructure.formats.json.lines import BLANK, LineReader
from infrastructure.formats.json.values import ValueReader
from services.ports.sources import Slice

PEEK_BYTES = 4 << 20
SAMPLE_LINES = 20  # first lines that decide whether a file is JSON Lines
UNFINISHED = (b"[", b"{", b",", b":")  # a line with this ending is no complete value


class OcdsJson:
    """The recogniser of OCDS JSON. Elements longer than `longest` bytes are refused."""

    name = "ocds-json"
    kind = "OCDS JSON (release or record package, releases, records, arrays of them, concatenated or one per line)"
    binary = False

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def recognise(self, text: Path, filename: str) -> Position | None:  # pylint: disable=unused-argument
        """The first position; None if the file is no JSON."""
        with text.open("rb") as file:
            head = file.read(PEEK_BYTES)
            whole = not file.read(1)
        body = head.lstrip(BLANK)
        begins = body.startswith((b"{", b"["))
        if not begins and b"\x00" in body[:1024]:  # an archive, which may contain lines of JSON
            return None
        if _is_json_lines(head, whole):
            return {"form": "lines", "offset": 0, "line": 1}
        return {"form": "values", "offset": 0, "line": 1} if begins else None

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """The next `limit` elements, or fewer if they are large."""
        with text.open("rb") as file:
            reader = LineReader if position["form"] == "lines" else ValueReader
            return reader(file, filename, self.longest, partial(date_order, text)).read(position, limit)


def _is_json_lines(head: bytes, whole: bool) -> bool:
    """Whether there are several lines, and more than half of the first ones are complete objects or arrays.

    At exactly half, the first line decides: if it ends as UNFINISHED, the file is one list with its commas on separate
    lines.
    """
    lines = [line for part in head.split(b"\n", SAMPLE_LINES * 2) if (line := part.strip(b" \t\r\x00\x1e\xef\xbb\xbf"))]
    complete = lines[:SAMPLE_LINES] if whole or len(lines) > SAMPLE_LINES else lines[:-1]
    more = 2 * sum(map(_is_complete, complete)) - len(complete)
    return len(lines) > 1 and bool(complete) and (more > 0 or (more == 0 and not complete[0].endswith(UNFINISHED)))


def _is_complete(line: bytes) -> bool:
    if not line.startswith((b"{", b"[")):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
