"""Reads the rows of a workbook's sheet as strings: numbers as stored, dates in ISO 8601.

Cells without a usable value, such as errors, are refused, never read as blank.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from domain.shared.errors import InvalidError
from infrastructure.formats.tables.rows import RowProblem, TableRow
from infrastructure.formats.tables.xlsx_parts import Book, Parser, Styles, unescaped

REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
SHORT_DIGITS = 16  # digits
MAX_COLUMNS = 16_384
CELL_MAX_CHARACTERS = 1_000_000  # characters; spreadsheet programs allow 32,767
DOUBLE_DIGITS = 17  # most significant digits that spreadsheet programs write for a 64-bit float
MAX_DIGITS = 40  # longer numbers keep their exponent
LEAP_DAY_1900 = 60  # 29 February 1900, which spreadsheet programs count although it did not exist


class SheetParser(Parser):
    """Collects rows."""

    def __init__(self, styles: Styles, texts: list[str]) -> None:
        super().__init__()
        self.styles = styles
        self.texts = texts
        self.rows: list[TableRow] = []
        self.number = 0
        self.column = -1
        self.given: dict[str, str] = {}
        self.cells: list[str] = []
        self.problem: RowProblem | None = None
        self.parts: list[str] = []
        self.size = 0
        self.open = False
        self.formula = False
        self.phonetic = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            self.number = int(given.get("r") or self.number + 1)
            self.cells, self.column, self.problem = [], -1, None
        elif name == "c":
            self._begin(given)
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.phonetic += 1
        self.open = name == "v" or (name == "t" and not self.phonetic)

    def end(self, name: str) -> None:
        self.open = False
        if name == "c":
            self._end()
        elif name == "rPh":
            self.phonetic -= 1
        elif name == "row" and (self.problem or any(self.cells)):
            self.rows.append(TableRow(self.number, None, self.cells, self.problem))

    def text(self, piece: str) -> None:
        if self.open:
            self.size += len(piece)
            if self.size > CELL_MAX_CHARACTERS:
                raise InvalidError(f"a cell of row {self.number} has more than {CELL_MAX_CHARACTERS} characters")
            self.parts.append(piece)

    def _begin(self, given: dict[str, str]) -> None:
        self.given, self.parts, self.size, self.formula = given, [], 0, False
        reference = REFERENCE.fullmatch(given.get("r", ""))
        self.column = _column(reference[1]) if reference else self.column + 1
        if self.column >= MAX_COLUMNS:
            raise InvalidError(f"row {self.number} has a cell in column {self.column + 1}; a sheet has {MAX_COLUMNS}")

    def _end(self) -> None:
        text, kind = "".join(self.parts), self.given.get("t", "n")
        value = ""
        if kind == "e":
            self._refuse(f"the cell holds the error {text[:20]}")
        elif self.formula and not text and kind != "str":
            self._refuse(
                "the value of the cell's formula is not stored; open and save the workbook in a spreadsheet program"
            )
        elif text:
            try:
                value = self._value(kind, text)
            except (ValueError, IndexError, OverflowError):
                self._refuse(f"the cell holds {text[:80]!r}, which is not valid for its type")
        self.cells += [""] * (self.column + 1 - len(self.cells))
        self.cells[self.column] = value

    def _refuse(self, reason: str) -> None:
        self.problem = self.problem or RowProblem("wrong_type", reason, self.column)

    def _value(self, kind: str, text: str) -> str:
        if kind == "s":
            return self.texts[int(text)]
        if kind == "b":
            return {"1": "true", "0": "false"}[text] if text in {"0", "1"} else text
        if kind != "n":
            return unescaped(text)
        if int(self.given.get("s") or 0) in self.styles.dated:
            return _date(float(text), from_1904=self.styles.from_1904)
        return (
            text
            if len(text) < SHORT_DIGITS and text.isdecimal() and text.isascii() and text[0] != "0"
            else _digits(text)
        )


def rows(book: Book, part: str, styles: Styles, texts: list[str]) -> Iterator[TableRow]:
    """The rows that are not blank."""
    parser = SheetParser(styles, texts)
    for _ in book.parse(part, parser):
        yield from parser.rows
        parser.rows = []


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _digits(text: str) -> str:
    """A number with all digits and no exponent; a fraction in the shortest form of its 64-bit float. ValueError."""
    if not NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    exact = Decimal(text.strip())
    if exact == exact.to_integral_value():
        return str(int(exact)) if exact.adjusted() < MAX_DIGITS else repr(float(text))
    if len(exact.as_tuple().digits) <= DOUBLE_DIGITS:
        exact = Decimal(repr(float(text)))  # 1234.5599999999999 is how some programs write the float of 1234.56
    return format(exact, "f") if exact.adjusted() > -MAX_DIGITS else str(exact)


def _date(serial: float, *, from_1904: bool) -> str:
    """A date, with its time if it has one, or a time only, in ISO 8601. ValueError, OverflowError."""
    if serial < 0:
        raise ValueError(serial)
    begin = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if serial < LEAP_DAY_1900 else 30)
    moment = begin + timedelta(seconds=round(serial * 86_400))
    if serial < 1 and not from_1904:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat()
