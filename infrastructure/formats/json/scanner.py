"""Finds where JSON values begin and end in a file of any size, without parsing them, with a bounded buffer.

It balances brackets and skips strings; validation parses the values. A line break inside a string, which JSON forbids,
is treated as a missing or surplus quote, so that the damage costs no more than its line.
"""

import re
from typing import BinaryIO

CHUNK_BYTES = 1 << 20
READ_BYTES = 8 << 20  # largest read, for long values
DEEPEST = 100_000  # real data has fewer than 100 levels; counting a gigabyte of opening brackets would block the worker
KEPT_BYTES = 256  # kept before the position: the indentation of a value is read there, and a match may begin there
SPACE = re.compile(rb"[ \t\r\n\x00\x1e\xef\xbb\xbf]*+")  # includes byte order marks and the separator of RFC 7464
STRING = re.compile(rb'"(?:[^"\\\n]++|\\.)*+(["\n])', re.S)
SCALAR = re.compile(rb"[^ \t\r\n,\]}\[{:\"]++")
# Strings are matched whole, so that a match ends after the next bracket outside a string, or after the line break in a
# broken string.
BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"(?:[^"\\\n]++|\\.)*+"[^"{}\[\]]*+)*+(?:[{}\[\]]|"(?:[^"\\\n]++|\\.)*+\n)', re.S)
MARK = re.compile(rb'\\.|["{}\[\]]', re.S)
INDENT = re.compile(rb"\n([ \t]*+)\Z")
CONTINUATION = bytes(range(0x80, 0xC0))  # continuation bytes of UTF-8
SEARCHES = 20  # failed or long searches per file for the next value after damage
OPENING = b"{["
LINE_BREAK = 10
OCID = rb'(?=\{\s*+"ocid")'


class ScanError(Exception):
    """Raised when no value can be read."""


class TruncatedError(ScanError):
    """Raised when the file ends inside a value; the scanner stays before it."""


class OversizeError(ScanError):
    """Raised when a value is longer than the limit; the scanner stays before it."""


class TooDeepError(ScanError):
    """Raised when a value nests deeper than the limit; the scanner stays before it."""


class BrokenError(ScanError):
    """Raised when a string contains a line break; the scanner is at that line break."""


class MismatchError(ScanError):
    """Raised when a bracket is closed by one of the other kind; the scanner stays before the value."""


class Scanner:
    """A cursor over a file; `offset` is its position in bytes, `longest` the most bytes of one value."""

    def __init__(self, file: BinaryIO, offset: int, longest: int, line: int | None = None, column: int = 1) -> None:
        self.file = file
        # Of the byte at `mark`; None in positions of versions that counted no lines
        self.line, self.column = line, column
        self.longest = longest
        self.base = max(0, offset - KEPT_BYTES)
        file.seek(self.base)
        self.buffer = file.read(CHUNK_BYTES)
        self.at = min(offset - self.base, len(self.buffer))
        self.ended = False
        self.held: int | None = None
        self.mark = self.at
        self.searches = 0

    @property
    def offset(self) -> int:
        """The position, in bytes from the beginning of the file."""
        return self.base + self.at

    def place(self) -> tuple[int | None, int | None]:
        """Line and column (in characters) of the position; calls must follow the order of the file."""
        return self.place_of(self.offset)

    def place_of(self, offset: int) -> tuple[int | None, int | None]:
        """Line and column of a byte between that of the last call and the position."""
        self._count_lines(offset - self.base)
        return self.line, self.column if self.line else None

    def _count_lines(self, upto: int) -> None:
        if self.line is None or upto <= self.mark:
            return
        chunk = self.buffer[self.mark : upto]
        self.mark = upto
        if breaks := chunk.count(b"\n"):
            self.line += breaks
            self.column = 1
            chunk = chunk[chunk.rfind(b"\n") + 1 :]
        self.column += len(chunk if chunk.isascii() else chunk.translate(None, CONTINUATION))

    def hold(self) -> None:
        """Keep the buffer from here on, so that `back` can return here."""
        self.held = self.at

    def back(self) -> None:
        """Return to where `hold` was called."""
        self.at = self.at if self.held is None else self.held
        self.held = None

    def more(self) -> bool:
        """Read the next chunk; keeps the buffer from KEPT_BYTES before the position on. False at the end of the
        file.
        """
        if self.ended:
            return False
        passed = max(0, (self.at if self.held is None else self.held) - KEPT_BYTES)
        self._count_lines(passed)
        chunk = self.file.read(min(max(CHUNK_BYTES, len(self.buffer) - passed), READ_BYTES))
        self.ended = not chunk
        self.base += passed
        self.at -= passed
        self.mark -= passed
        self.held = None if self.held is None else self.held - passed
        self.buffer = self.buffer[passed:] + chunk
        return bool(chunk)

    def peek(self) -> bytes:
        """Skip white space and return the next byte without passing it; b"" at the end."""
        while True:
            found = SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at : self.at + 1]
            if not self.more():
                return b""

    def at_pattern(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the buffer matches the pattern at the position."""
        return pattern.match(self.buffer, self.at) is not None

    def take(self) -> bytes:
        """Pass one byte."""
        self.at += 1
        return self.buffer[self.at - 1 : self.at]

    def value(self) -> bytes:
        """Pass the value that begins here and return its bytes; a stray comma, colon or closing bracket counts as a
        value.
        """
        first = self.peek()
        if first in {b"{", b"["}:
            return self._container()
        if first == b'"':
            return self._string()
        return self._scalar() if SCALAR.match(first) else self.take()

    def skip(self) -> None:
        """Pass the value that begins here chunk by chunk, however long or broken.

        It ends with the file at the latest; a value nested deeper than DEEPEST passes the rest of the file.
        """
        if self.peek() not in {b"{", b"[", b'"'}:
            self._skip_scalar()
            return
        depth, quoted = 0, False
        while True:
            for found in MARK.finditer(self.buffer, self.at):
                mark = found.group()
                self.at = found.end()
                if mark == b'"':
                    quoted = not quoted
                elif not quoted and mark[:1] != b"\\":
                    depth += 1 if mark in b"{[" else -1
                if depth <= 0 and not quoted:
                    return
                if depth > DEEPEST:
                    self._pass_all()
                    return
            # A backslash at the end of the buffer stays, to be read together with the character that it escapes.
            self.at = len(self.buffer) - (1 if self.buffer.endswith(b"\\") else 0)
            if not self.more():
                self.at = len(self.buffer)
                return

    def _pass_all(self) -> None:
        """Move to the end of the file without reading."""
        self.base = self.file.seek(0, 2)
        self.buffer, self.at, self.mark, self.held, self.ended = b"", 0, 0, None, True

    def recover(self, error: ScanError, search: bool) -> None:
        """After an error, move to where the next value seems to begin within `longest` bytes, else after the broken
        value.

        A value begins at an object with an ocid first, or at a line indented as the broken value, whose start `hold`
        marked.
        """
        begin = self.at if self.held is None else self.held
        indent = INDENT.search(self.buffer, max(0, begin - KEPT_BYTES), begin)
        start = re.compile(rb"\n" + re.escape(indent[1]) + rb"(?=\{)|" + OCID if indent else OCID)
        if not isinstance(error, BrokenError):
            self.at = begin + 1
        if search and self._find(start):
            self.held = None
            return
        self.back()
        self.skip()

    def find(self, pattern: re.Pattern[bytes], most: int) -> re.Match[bytes] | None:
        """Move to the next match within `most` bytes; None, with the position undefined, if there is none."""
        limit = self.offset + most
        while (found := pattern.search(self.buffer, self.at)) is None:
            self.at = max(self.at, len(self.buffer) - KEPT_BYTES)
            if self.offset > limit or not self.more():
                return None
        self.at = found.start()
        return found

    def _find(self, pattern: re.Pattern[bytes]) -> bool:
        found = self.find(pattern, self.longest)
        self.at = found.end() if found else self.at
        return found is not None

    def _string(self) -> bytes:
        while (found := STRING.match(self.buffer, self.at)) is None:
            self._grow()
        if found[1] == b"\n":
            self.at = found.end() - 1
            raise BrokenError
        return self._passed(found.end())

    def _scalar(self) -> bytes:
        while (found := SCALAR.match(self.buffer, self.at)) and found.end() == len(self.buffer) and not self.ended:
            if len(self.buffer) - self.at > self.longest:
                raise OversizeError
            self.more()
        return self._passed(found.end() if found else self.at)

    def _skip_scalar(self) -> None:
        while found := SCALAR.match(self.buffer, self.at):
            self.at = found.end()
            if self.at < len(self.buffer) or not self.more():
                return

    def _container(self) -> bytes:
        # The innermost loop of reading: bytes are compared as numbers; in ASCII a closing bracket is its opening one
        # plus 2.
        closers, length = bytearray(), 0
        while True:
            found = BRACKET.match(self.buffer, self.at + length)
            if found is None:
                self._grow()
                continue
            end = found.end()
            length = end - self.at
            byte = self.buffer[end - 1]
            if byte in OPENING:
                closers.append(byte + 2)
                if len(closers) > DEEPEST:
                    raise TooDeepError
            elif byte == LINE_BREAK:
                self.at = end - 1
                raise BrokenError
            elif closers.pop() != byte:
                raise MismatchError
            elif not closers:
                return self._passed(end)

    def _grow(self) -> None:
        if len(self.buffer) - self.at > self.longest:
            raise OversizeError
        if not self.more():
            raise TruncatedError

    def _passed(self, end: int) -> bytes:
        if end - self.at > self.longest:
            raise OversizeError
        found = self.buffer[self.at : end]
        self.at = end
        return found
