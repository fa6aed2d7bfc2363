"""Reading order of lines with Hebrew or Arabic letters, from the positions of their characters.

MuPDF orders the letters of each such word, but neither the spaces nor adjacent numbers. Here the characters of a line
are sorted from left to right and then read from right to left, except for numbers and words of other scripts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from unicodedata import bidirectional, mirrored

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
SPACE_WIDTH = 0.2  # of the font size: a gap this wide is a space
COLUMN_GAP = 1.5  # of the height: pieces of a line further apart are separate lines
SAME_LINE_OVERLAP = 0.5  # of the lower height
MIRROR = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
WITHIN_NUMBERS = frozenset(".,:/-+%#_\u00a0\u202f٫٬٪")
Raw = dict[str, Any]


@dataclass
class Cell:
    """A drawn character with its marks and the further letters of a ligature; `left` and `right` are its edges."""

    text: str
    left: float
    right: float
    size: float


def block_text(block: Raw) -> str:
    """Return the text of a block of `extractRAWDICT`, one line per line."""
    return "\n".join(line_text(pieces) for pieces in _lines(block["lines"]))


def line_text(pieces: Sequence[Raw]) -> str:
    """Return the text of one line, which may consist of several pieces."""
    plain = "".join(char["c"] for piece in pieces for span in piece["spans"] for char in span["chars"])
    if not RIGHT_TO_LEFT.search(plain) or not _level(pieces[0]):
        return plain.strip("\n")
    cells = sorted((cell for piece in pieces for cell in _cells(piece)), key=lambda cell: cell.left + cell.right)
    return ordered(list(_spaced(cells)))


def ordered(visual: Sequence[str]) -> str:
    """Return the characters of a line, given in visual order from left to right, in reading order."""
    sides = [_side(char) for char in visual]
    if sides.count("R") < sides.count("L"):  # a left-to-right line with some right-to-left words
        return "".join(_embedded(visual, sides)).strip()
    return "".join(_right_to_left(visual, sides)).strip()


def _lines(pieces: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Group pieces that are on one line if any of them reads from right to left."""
    line: list[Raw] = []
    for piece in pieces:
        if line and not _same_line(line, piece):
            yield line
            line = []
        line.append(piece)
    if line:
        yield line


def _same_line(line: Sequence[Raw], piece: Raw) -> bool:
    if not _level(piece) or not _level(line[0]) or not any(_has_right_to_left(each) for each in (*line, piece)):
        return False
    x0, y0, x1, y1 = piece["bbox"]
    top, bottom = line[-1]["bbox"][1], line[-1]["bbox"][3]
    height = min(y1 - y0, bottom - top)
    left, right = min(each["bbox"][0] for each in line), max(each["bbox"][2] for each in line)
    overlaps = min(y1, bottom) - max(y0, top) > SAME_LINE_OVERLAP * height
    return bool(overlaps and max(left - x1, x0 - right) < COLUMN_GAP * height)


def _has_right_to_left(piece: Raw) -> bool:
    return any(RIGHT_TO_LEFT.match(char["c"]) for span in piece["spans"] for char in span["chars"])


def _level(piece: Raw) -> bool:
    across, down = piece["dir"]
    return bool(abs(down) < 0.01 and across > 0)


def _cells(piece: Raw) -> list[Cell]:
    """Return the characters with a width; marks and parts of ligatures join the one whose edge they touch."""
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
    after.text += "".join(reversed(own))  # MuPDF reversed them together with the letters


def _spaced(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the characters, with a space in each wide gap."""
    last: Cell | None = None
    for cell in cells:
        spaced = last is None or last.text.isspace() or cell.text.isspace()
        if last is not None and not spaced and cell.left - last.right > SPACE_WIDTH * cell.size:
            yield " "
        yield cell.text
        last = cell


def _side(char: str) -> str:
    """Return R or L for letters, N for digits, else a space (neutral)."""
    kind = bidirectional(char[0])
    if kind in {"R", "AL"}:
        return "R"
    if kind in {"EN", "AN"}:
        return "N"
    return "L" if kind == "L" else " "


def _embedded(visual: Sequence[str], sides: Sequence[str]) -> Iterator[str]:
    """Yield a left-to-right line; runs between the first and last right-to-left letter are reversed."""
    index = 0
    while index < len(visual):
        if sides[index] != "R":
            yield visual[index]
            index += 1
            continue
        end = next((at for at in range(index, len(visual)) if sides[at] == "L"), len(visual))
        last = max(at for at in range(index, end) if sides[at] == "R") + 1
        yield from _right_to_left(visual[index:last], sides[index:last])
        index = last


def _right_to_left(visual: Sequence[str], sides: Sequence[str]) -> Iterator[str]:
    """Yield a right-to-left line; numbers and words of other scripts keep their order."""
    groups = groupby(_forward(visual, sides), key=lambda pair: pair[0])
    runs = [(forward, [index for _, index in group]) for forward, group in groups]
    for forward, indexes in reversed(runs):
        for index in indexes if forward else reversed(indexes):
            keep = forward or not mirrored(visual[index][0])
            yield visual[index] if keep else visual[index].translate(MIRROR)


def _forward(visual: Sequence[str], sides: Sequence[str]) -> list[tuple[bool, int]]:
    """Return for each index whether it belongs to a left-to-right run."""
    forward = [side in {"L", "N"} for side in sides]
    index = 0
    while index < len(visual):
        if forward[index]:
            end = next((at for at in range(index + 1, len(visual)) if forward[at]), len(visual))
            if end < len(visual) and _joined(visual[index + 1 : end], sides[index], sides[end]):
                forward[index + 1 : end] = [True] * (end - index - 1)
            index = end
        else:
            index += 1
    return list(zip(forward, range(len(visual)), strict=True))


def _joined(between: Sequence[str], before: str, after: str) -> bool:
    """Whether the characters between two letters or digits belong to their run; in a number only separators do."""
    if any(_side(char) == "R" for char in between):
        return False
    return "L" in {before, after} or (len(between) <= 1 and all(char in WITHIN_NUMBERS for char in between))
