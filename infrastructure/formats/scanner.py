"""Finds the extents of JSON values in a file of any size, without building objects and with a bounded buffer.

It balances brackets and skips strings; whether what lies between is valid JSON is for the judge to say.
"""

import re
from typing import BinaryIO

CHUNK = 1 << 20
SPACE = re.compile(rb"[ \t\r\n\x00\xef\xbb\xbf]*+")
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.S)
SCALAR = re.compile(rb"[^ \t\r\n,\]}\[{:\"]++")
# Strings are swallowed whole, so that a match ends at the next bracket that is structure.
BRACKET = re.compile(rb'[^"{}\[\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.S)
MARK = re.compile(rb'\\.|["{}\[\]]', re.S)


class Truncated(Exception):  # noqa: N818
    """Raised when the file ends inside a value."""


class Oversize(Exception):  # noqa: N818
    """Raised when a value is longer than the limit; the scanner stands behind it."""


class Scanner:
    """A cursor over a file; `offset` is where it stands, in bytes from the beginning."""

    def __init__(self, file: BinaryIO, offset: int, longest: int) -> None:
        self.file = file
        self.longest = longest
        self.file.seek(offset)
        self.base = offset
        self.at = 0
        self.buffer = b""
        self.ended = False

    @property
    def offset(self) -> int:
        """Bytes from the beginning of the file."""
        return self.base + self.at

    def more(self) -> bool:
        """Read on, keeping what was not passed yet; whether there was anything."""
        if self.ended:
            return False
        chunk = self.file.read(max(CHUNK, len(self.buffer) - self.at))
        self.ended = not chunk
        self.base += self.at
        self.buffer = self.buffer[self.at :] + chunk
        self.at = 0
        return bool(chunk)

    def peek(self) -> bytes:
        """The next byte that is no white space; b"" at the end."""
        while True:
            found = SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer):
                return self.buffer[self.at : self.at + 1]
            if not self.more():
                return b""

    def take(self) -> bytes:
        """Pass one byte."""
        self.at += 1
        return self.buffer[self.at - 1 : self.at]

    def value(self) -> bytes:
        """Pass the value that begins here, and give its bytes. Truncated, or Oversize (passed all the same)."""
        first = self.peek()
        if first in b"{[" and first:
            return self._container()
        pattern = STRING if first == b'"' else SCALAR
        while True:
            found = pattern.match(self.buffer, self.at)
            if found and (found.end() < len(self.buffer) or self.ended or first == b'"'):
                self.at = found.end()
                return found.group()
            if len(self.buffer) - self.at > self.longest:
                self._skip(0)
                raise Oversize
            if not self.more():
                if found or not first or first == b'"':
                    raise Truncated
                return self.take()  # a stray bracket, comma or colon: the judge says what is wrong with it

    def _container(self) -> bytes:
        depth, at = 0, 0
        while True:
            found = BRACKET.match(self.buffer, self.at + at)
            if found is None:
                if len(self.buffer) - self.at > self.longest:
                    self.at += at
                    self._skip(depth)
                    raise Oversize
                if not self.more():
                    raise Truncated
                continue
            at = found.end() - self.at
            depth += 1 if found[1] in b"{[" else -1
            if depth == 0:
                whole = self.buffer[self.at : self.at + at]
                self.at += at
                if len(whole) > self.longest:
                    raise Oversize
                return whole

    def _skip(self, depth: int) -> None:
        """Pass the rest of a value that is too long to be kept, chunk by chunk."""
        quoted = False
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
            # A backslash at the very end must meet the letter that it escapes.
            self.at = len(self.buffer) - (1 if self.buffer.endswith(b"\\") else 0)
            if not self.more():
                raise Truncated
