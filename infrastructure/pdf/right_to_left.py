"""The reading order of lines with Hebrew or Arabic letters, from where their characters are drawn.

MuPDF puts the letters of each such word in order, but neither the blanks nor the numbers beside it. Here a line is taken as it is seen,
from left to right, and read from right to left except for numbers and words of other scripts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from unicodedata import bidirectional, mirrored

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
BLANK = 0.2  # of the size of a character: a gap as wide stands for a blank
APART = 1.5  # of the size: pieces of a line that are farther apart are lines of their own
SAME_LINE = 0.5  # of the lower height that two pieces share
MIRROR = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
WITHIN_NUMBERS = frozenset(".,:/-+%#_\u00a0\u202f٫٬٪")

Raw = dict[str, Any]


@dataclass
class Cell:
    """A drawn character with the marks and further letters that belong to it, from `left` to `right`."""

    text: str
    left: float
    right: float
    size: float


def block_text(block: Raw) -> str:
    """The text of a block of `extractRAWDICT`, a line a line."""
    return "\n".join(line_text(pieces) for pieces in _lines(block["lines"]))


def line_text(pieces: Sequence[Raw]) -> str:
    """The text of one line, which may be drawn in several pieces."""
    plain = "".join(char["c"] for piece in pieces for span in piece["spans"] for char in span["chars"])
    if not RIGHT_TO_LEFT.search(plain) or not _level(pieces[0]):
        return plain.strip("\n")
    cells = sorted((cell for piece in pieces for cell in _cells(piece)), key=lambda cell: cell.left + cell.right)
    return ordered(list(_spaced(cells)))


def ordered(seen: Sequence[str]) -> str:
    """The characters of a line as they are seen from left to right, in the order in which they are read."""
    sides = [_side(char) for char in seen]
    if sides.count("R") < sides.count("L"):  # a line of another script with some words from right to left in it
        return "".join(_embedded(seen, sides)).strip()
    return "".join(_backwards(seen, sides)).strip()


def _lines(pieces: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Pieces that stand side by side on one line, where any of them reads from right to left."""
    line: list[Raw] = []
    for piece in pieces:
        if line and not _beside(line, piece):
            yield line
            line = []
        line.append(piece)
    if line:
        yield line


def _beside(line: Sequence[Raw], piece: Raw) -> bool:
    if not _level(piece) or not _level(line[0]) or not any(_from_right(one) for one in (*line, piece)):
        return False
    x0, y0, x1, y1 = piece["bbox"]
    top, bottom = line[-1]["bbox"][1], line[-1]["bbox"][3]
    height = min(y1 - y0, bottom - top)
    left, right = min(one["bbox"][0] for one in line), max(one["bbox"][2] for one in line)
    return bool(min(y1, bottom) - max(y0, top) > SAME_LINE * height and max(left - x1, x0 - right) < APART * height)


def _from_right(piece: Raw) -> bool:
    return any(RIGHT_TO_LEFT.match(char["c"]) for span in piece["spans"] for char in span["chars"])


def _level(piece: Raw) -> bool:
    across, down = piece["dir"]
    return bool(abs(down) < 0.01 and across > 0)


def _cells(piece: Raw) -> list[Cell]:
    """The characters that take up room; marks and what else a ligature stands for go with the one whose right edge they are at."""
    cells: list[Cell] = []
    waiting: list[tuple[str, float]] = []  # between the last character and the next
    for span in piece["spans"]:
        for char in span["chars"]:
            left, _, right, _ = char["bbox"]
            if char.get("synthetic") and char["c"].isspace():
                continue
            if right - left > 0.01 * span["size"]:
                cell = Cell(char["c"], left, right, span["size"])
                _join(cells[-1:], cell, waiting)
                cells.append(cell)
                waiting = []
            elif cells or not char["c"].isspace():
                waiting.append((char["c"], char["origin"][0]))
    if waiting and cells:
        cells[-1].text += "".join(char for char, _ in waiting)
    return cells


def _join(before: Sequence[Cell], after: Cell, waiting: Sequence[tuple[str, float]]) -> None:
    own: list[str] = []
    for char, at in waiting:
        if before and abs(before[0].right - at) <= abs(after.right - at):
            before[0].text += char
        else:
            own.append(char)
    after.text += "".join(reversed(own))  # MuPDF turned them around with the letters


def _spaced(cells: Sequence[Cell]) -> Iterator[str]:
    """The characters with a blank in each wide gap."""
    last: Cell | None = None
    for cell in cells:
        if last is not None and not last.text.isspace() and not cell.text.isspace() and cell.left - last.right > BLANK * cell.size:
            yield " "
        yield cell.text
        last = cell


def _side(char: str) -> str:
    """R and L for letters, N for digits, else the character's own place: a blank, or neutral."""
    kind = bidirectional(char[0])
    if kind in {"R", "AL"}:
        return "R"
    if kind in {"EN", "AN"}:
        return "N"
    return "L" if kind == "L" else " "


def _embedded(seen: Sequence[str], sides: Sequence[str]) -> Iterator[str]:
    """Read from left to right, but for the stretches between the first and the last letter from right to left."""
    place = 0
    while place < len(seen):
        if sides[place] != "R":
            yield seen[place]
            place += 1
            continue
        end = next((at for at in range(place, len(seen)) if sides[at] == "L"), len(seen))
        last = max(at for at in range(place, end) if sides[at] == "R") + 1
        yield from _backwards(seen[place:last], sides[place:last])
        place = last


def _backwards(seen: Sequence[str], sides: Sequence[str]) -> Iterator[str]:
    """Read from right to left, but for numbers and words of other scripts, which keep their order."""
    runs = [(forward, [place for _, place in group]) for forward, group in groupby(_forward(seen, sides), key=lambda one: one[0])]
    for forward, places in reversed(runs):
        for place in places if forward else reversed(places):
            yield seen[place] if forward or not mirrored(seen[place][0]) else seen[place].translate(MIRROR)


def _forward(seen: Sequence[str], sides: Sequence[str]) -> list[tuple[bool, int]]:
    """Of each place, whether it belongs to a stretch that is read from left to right."""
    forward = [side in {"L", "N"} for side in sides]
    place = 0
    while place < len(seen):
        if forward[place]:
            end = next((at for at in range(place + 1, len(seen)) if forward[at]), len(seen))  # the next letter or digit of the kind
            if end < len(seen) and _joined(seen[place + 1 : end], sides[place], sides[end]):
                forward[place + 1 : end] = [True] * (end - place - 1)
            place = end
        else:
            place += 1
    return list(zip(forward, range(len(seen)), strict=True))


def _joined(between: Sequence[str], before: str, after: str) -> bool:
    """Whether what stands between two letters or digits belongs to their stretch: in a number, its separators alone."""
    if any(_side(char) == "R" for char in between):
        return False
    return "L" in {before, after} or (len(between) <= 1 and all(char in WITHIN_NUMBERS for char in between))
