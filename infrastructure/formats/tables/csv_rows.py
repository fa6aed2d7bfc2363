"""Reads the rows of a CSV file with line and offset. An unreadable row does not affect others; row length is
limited.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from domain.raw_records.record import EXCERPT_CHARACTERS
from infrastructure.formats.tables.rows import RowProblem, TableRow

DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 20
NUL = b"\x00"
MAX_REREAD_FACTOR = 8  # limit for reading again after unclosed quotes, in multiples of the longest row


class OverlongError(Exception):
    """Raised when a row is longer than the limit."""


class Dialect(NamedTuple):
    """The format of a CSV file: its delimiter, and the byte offset and line of its heading row."""

    delimiter: str
    offset: int
    line: int


class Lines:
    """Decoded lines of UTF-8 text; `offset` and `line` are the current position."""

    def __init__(self, file: BinaryIO, dialect: Dialect, longest: int) -> None:
        self.file = file
        self.longest = longest
        self.offset = dialect.offset
        self.line = dialect.line - 1
        self.left = longest
        self.nul = False  # whether U+0000 was removed from the row
        self.first = 0  # offset of the end of the row's first line; 0 before it is read
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
        """Begin a new row."""
        self.left = self.longest
        self.nul = False
        self.first = 0

    def go_back(self, offset: int, line: int) -> None:
        """Continue at this offset."""
        self.offset, self.line = offset, line
        self.file.seek(offset)

    def pass_line(self) -> None:
        """Skip the rest of the line."""
        while raw := self.file.readline(CHUNK_BYTES):
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
        self.reread_bytes_left = MAX_REREAD_FACTOR * longest

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
                    cells_before = re.split('["\ufffd]', beginning)[0].split(self.dialect.delimiter)[:-1]
                    yield TableRow(line, offset, [beginning], self._problem(error, offset), before=cells_before)
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
            return RowProblem(
                "too_large",
                f"it is longer than {self.longest} bytes; perhaps a quote opened at byte {offset} or later is not "
                "closed",
            )
        reason = (
            "a quote in it is not closed"
            if "unexpected end" in str(error)
            else f"its quotes are not valid CSV ({error})"
        )
        return RowProblem("unreadable_row", reason)

    def _recover(self, lines: Lines, offset: int, line: int, *, too_long: bool) -> None:
        """Continue after the first line of the row, or after all that was read of it once the limit MAX_REREAD_FACTOR
        is reached.
        """
        if not lines.first:
            if too_long:
                lines.pass_line()
            return
        self.reread_bytes_left -= lines.offset - offset
        if self.reread_bytes_left > 0:
            lines.go_back(lines.first, line)
        elif too_long:
            lines.pass_line()


def _beginning(file: BinaryIO, offset: int) -> str:
    """The beginning of an unreadable row, for the excerpt."""
    file.seek(offset)
    return file.read(EXCERPT_CHARACTERS).decode("utf-8", "replace").split("\n")[0]
