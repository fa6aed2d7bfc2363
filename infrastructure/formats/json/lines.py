"""JSON Lines: one element per line, so that a broken line does not affect others."""

import re
from io import BytesIO
from typing import BinaryIO

from domain.jobs.job import Position
from domain.raw_records.record import SourceLocation
from infrastructure.formats.json.package_head import broken_value, enter, package_of
from infrastructure.formats.json.scanner import Scanner
from infrastructure.formats.json.values import ValueReader
from infrastructure.formats.slice_builder import DateOrderFinder, SliceBuilder
from services.ports.sources import Slice

LIST = re.compile(rb'"(?:releases|records)"\s*+:\s*+\[')
BLANK = b" \t\r\n\x00\x1e\xef\xbb\xbf"
READ_BYTES = 1 << 20


class LineReader:
    """Reads a slice of lines; a line longer than `longest` that is a package is left to ValueReader, which
    streams it.
    """

    def __init__(self, file: BinaryIO, name: str, longest: int, date_order: DateOrderFinder | None = None) -> None:
        self.file = file
        self.date_order = date_order
        self.name = name
        self.longest = longest

    def read(self, position: Position, limit: int) -> Slice:
        """At most `limit` elements from the position on."""
        slice_builder = SliceBuilder(self.name, limit, self.date_order)
        offset, number = int(position["offset"]), int(position["line"])
        self.file.seek(offset)
        while not slice_builder.full:
            line = self.file.readline(self.longest + 1)
            if not line:
                return slice_builder.build(None)
            place = SourceLocation(file=self.name, line=number, column=1, offset=offset)
            if len(line) > self.longest:
                if self._is_package(offset):
                    return slice_builder.build({"form": "values", "offset": offset, "line": number})
                slice_builder.refuse(place, "too_large", f"the line is longer than {self.longest} bytes", line)
                offset += self._pass(line)
            elif raw := line.strip(BLANK):
                self._line(
                    slice_builder,
                    raw,
                    place.model_copy(update={"column": 1 + line.index(raw[:1])}) if line[:1] != raw[:1] else place,
                )
            offset += len(line)
            number += 1
        return slice_builder.build({"form": "lines", "offset": offset, "line": number})

    def _line(self, slice_builder: SliceBuilder, raw: bytes, place: SourceLocation) -> None:
        """Add the line as an element; of a package with damage before its list, add the elements of the list."""
        package = package_of(raw)
        if package is None and LIST.search(raw) and broken_value(raw, 0, ""):
            read = ValueReader(BytesIO(raw), self.name, self.longest).read(
                {"offset": 0, "line": place.line, "column": place.column}, len(raw)
            )
            if any(one.place.path for one in read.elements):
                slice_builder.take(read, place.offset or 0)
                return
        slice_builder.add(raw, place, package)

    def _is_package(self, offset: int) -> bool:
        after = self.file.tell()
        scanner = Scanner(self.file, offset, self.longest)
        found = enter(scanner) if scanner.peek() == b"{" else None
        self.file.seek(after)
        return found is not None and found.path != ""

    def _pass(self, line: bytes) -> int:
        """Skip the rest of the line; returns its bytes."""
        passed = 0
        while not line.endswith(b"\n") and (line := self.file.readline(READ_BYTES)):
            passed += len(line)
        return passed
