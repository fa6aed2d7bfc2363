"""Rows of CSV, each with its line and offset; a row that can't be read costs itself only, and no row is held beyond a limit."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from infrastructure.formats.tables.rows import EXCERPT_CHARACTERS, RowProblem, TableRow

DELIMITERS = (",", ";", "\t", "|")
GULP = 1 << 20
NUL = b"\x00"
AGAIN = 8  # times the longest row that is read again, all in all, to find where good rows begin behind quotes that are never closed


class OverlongError(Exception):
    """Raised where a row is longer than the limit."""


class Dialect(NamedTuple):
    """How a CSV is written: what stands between cells, and where its heading row begins."""

    delimiter: str
    offset: int
    line: int


class Lines:
    """Lines of UTF-8 text, decoded; `offset` and `line` say how far it has come."""

    def __init__(self, file: BinaryIO, dialect: Dialect, longest: int) -> None:
        self.file = file
        self.longest = longest
        self.offset = dialect.offset
        self.line = dialect.line - 1
        self.left = longest
        self.nul = False  # whether U+0000 was taken out of the row
        self.first = 0  # where the first line of the row ends, 0 before it was read
        file.seek(self.offset)

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        raw = self.file.readline(self.left + 1)
        if not raw:
            raise StopIteration
        self.offset += len(raw)
        self.line += raw.endswith(b"\n")
        self.left -= len(raw)
        if self.left < 0:
            raise OverlongError
        if not self.first:
            self.first = self.offset
        if NUL in raw:
            self.nul, raw = True, raw.replace(NUL, b"")
        return raw.decode()

    def begin(self) -> None:
        """A new row."""
        self.left = self.longest
        self.nul = False
        self.first = 0

    def go_back(self, offset: int, line: int) -> None:
        """Read on from there."""
        self.offset, self.line = offset, line
        self.file.seek(offset)

    def pass_line(self) -> None:
        """Pass the rest of a line."""
        while raw := self.file.readline(GULP):
            self.offset += len(raw)
            if raw.endswith(b"\n"):
                self.line += 1
                return


class CsvRows:
    """The rows of a CSV file, the heading row first."""

    def __init__(self, path: Path, dialect: Dialect, longest: int) -> None:
        self.path = path
        self.dialect = dialect
        self.longest = longest
        self.again = AGAIN * longest

    def __iter__(self) -> Iterator[TableRow]:
        csv.field_size_limit(self.longest)
        with self.path.open("rb") as file:
            lines = Lines(file, self.dialect, self.longest)
            reader = csv.reader(lines, delimiter=self.dialect.delimiter, strict=True)
            while True:
                lines.begin()
                offset, line = lines.offset, lines.line + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except (csv.Error, OverlongError, UnicodeDecodeError) as error:
                    beginning = _beginning(file, offset)
                    before = re.split('["\ufffd]', beginning)[0].split(self.dialect.delimiter)[:-1]
                    yield TableRow(line, offset, [beginning], self._problem(error, offset), before=before)
                    file.seek(lines.offset)
                    self._recover(lines, offset, line, too_long=isinstance(error, OverlongError))
                    reader = csv.reader(lines, delimiter=self.dialect.delimiter, strict=True)
                    continue
                if any(cells):
                    yield TableRow(line, offset, cells, nul=lines.nul)

    def _problem(self, error: Exception, offset: int) -> RowProblem:
        if isinstance(error, UnicodeDecodeError):
            return RowProblem("invalid_utf8", f"byte 0x{error.object[error.start]:02X} in it is not UTF-8")
        if isinstance(error, OverlongError):
            return RowProblem("too_large", f"it is longer than {self.longest} bytes; perhaps a quote that opens at byte {offset} or later is never closed")
        reason = "a quote in it is never closed" if "unexpected end" in str(error) else f"its quotes are not as CSV has them ({error})"
        return RowProblem("unreadable_row", reason)

    def _recover(self, lines: Lines, offset: int, line: int, *, too_long: bool) -> None:
        """Go on behind the first line of the row; behind all that was read of it where that was tried too often."""
        if not lines.first:
            if too_long:
                lines.pass_line()
            return
        self.again -= lines.offset - offset
        if self.again > 0:
            lines.go_back(lines.first, line)
        elif too_long:
            lines.pass_line()


def _beginning(file: BinaryIO, offset: int) -> str:
    """The beginning of a row that can't be read, to know it by."""
    file.seek(offset)
    return file.read(EXCERPT_CHARACTERS).decode("utf-8", "replace").split("\n")[0]
