"""OCDS JSON in every form: packages, records, bare releases, arrays, concatenated values, and JSON Lines; read in slices.

A position is a small JSON object that says where the next slice begins; reading on from it costs nothing but a seek.
"""

from pathlib import Path
from typing import Any, BinaryIO

import orjson

from domain.record import Place, Refused
from infrastructure.formats.scanner import Oversize, Scanner, Truncated
from services.ports import Element, Slice

Position = dict[str, Any]
LISTS = ("releases", "records")
ABOUT = ("uri", "version", "publishedDate", "publisher", "license", "publicationPolicy")
SLICE_BYTES = 48 * 1024**2
PEEK = 4 << 20


def recognise(text: Path) -> Position | None:
    """Where reading begins, or None where this is no JSON."""
    with text.open("rb") as file:
        head = file.read(PEEK)
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x00")
    if not body.startswith((b"{", b"[")):
        return None
    lines = [line for line in body.splitlines()[:3] if line.strip()]
    return {"form": "lines" if _by_lines(lines, b"\n" in body) else "values", "offset": 0, "line": 1}


def _by_lines(lines: list[bytes], ended: bool) -> bool:
    """Whether each line is a value of its own: the first one is, or the second one is and the first does not lead into it."""
    if not lines or not ended or not lines[0].startswith(b"{"):
        return False
    if _whole(lines[0]):
        return True
    leads = lines[0].rstrip().endswith((b"[", b"{", b",", b":"))
    return not leads and len(lines) > 1 and _whole(lines[1])


def _whole(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


class JsonReader:
    """Reads a stretch of one file."""

    def __init__(self, name: str, longest: int) -> None:
        self.name = name
        self.longest = longest
        self.elements: list[Element] = []
        self.refused: list[Refused] = []
        self.bytes = 0

    def read(self, text: Path, position: Position, limit: int) -> Slice:
        """The next `limit` elements or about SLICE_BYTES of them, whichever is less."""
        with text.open("rb") as file:
            following = self._lines(file, position, limit) if position["form"] == "lines" else self._values(file, position, limit)
        return Slice(self.elements, self.refused, following)

    def _full(self, limit: int) -> bool:
        return len(self.elements) + len(self.refused) >= limit or self.bytes >= SLICE_BYTES

    def _keep(self, raw: bytes, place: Place, package: dict[str, Any] | None = None) -> None:
        self.elements.append(Element(raw, place, package))
        self.bytes += len(raw)

    def _refuse(self, place: Place, code: str, reason: str, raw: bytes = b"") -> None:
        self.refused.append(Refused(place=place, code=code, reason=reason, excerpt=raw[:2_000].decode("utf-8", "replace").replace("\x00", "")))

    def _lines(self, file: BinaryIO, position: Position, limit: int) -> Position | None:
        offset, number = int(position["offset"]), int(position["line"])
        file.seek(offset)
        while not self._full(limit):
            line = file.readline(self.longest + 1)
            if not line:
                return None
            place = Place(file=self.name, line=number, offset=offset)
            offset += len(line)
            if len(line) > self.longest:
                offset += _pass_line(file, line)
                self._refuse(place, "too_large", f"the line is longer than {self.longest} bytes", line)
            elif raw := line.strip(b" \t\r\n\x00\xef\xbb\xbf"):
                self._keep(raw, place)
            number += 1
        return {"form": "lines", "offset": offset, "line": number}

    def _values(self, file: BinaryIO, position: Position, limit: int) -> Position | None:
        scanner = Scanner(file, int(position["offset"]), self.longest)
        inside: Position | None = position.get("inside")
        while True:
            if inside is not None:
                if not self._array(scanner, inside, limit):
                    return {"form": "values", "offset": scanner.offset, "inside": inside}
                inside = None
            first = scanner.peek()
            if not first:
                return None
            if self._full(limit):
                return {"form": "values", "offset": scanner.offset}
            inside = self._top(scanner, first)

    def _top(self, scanner: Scanner, first: bytes) -> Position | None:
        """Pass a top-level value; the state of its array of elements where it has one to go into."""
        if first == b"[":
            scanner.take()
            return {"path": "", "index": 0, "package": None, "object": False}
        if first == b"{":
            return self._object(scanner)
        place = Place(file=self.name, offset=scanner.offset)
        if first in b",]}":  # left over behind a value
            scanner.take()
            return None
        raw = self._one(scanner, place)
        if raw is not None:
            self._keep(raw, place)
        return None

    def _object(self, scanner: Scanner) -> Position | None:
        """A package is gone into, so that its elements stream; anything else is an element itself."""
        start = scanner.offset
        probe = Scanner(scanner.file, start, self.longest)
        found = _package(probe)
        scanner.__init__(scanner.file, start, self.longest)  # type: ignore[misc]  # the probe moved the file
        if found is not None:
            offset, path, about = found
            scanner.__init__(scanner.file, offset, self.longest)  # type: ignore[misc]
            return {"path": path, "index": 0, "package": about or None, "object": True}
        place = Place(file=self.name, offset=start)
        raw = self._one(scanner, place)
        if raw is not None:
            self._keep(raw, place)
        return None

    def _one(self, scanner: Scanner, place: Place) -> bytes | None:
        try:
            return scanner.value()
        except Oversize:
            self._refuse(place, "too_large", f"the element is longer than {self.longest} bytes")
        except Truncated:
            rest = scanner.buffer[scanner.at : scanner.at + 2_000]
            scanner.at, scanner.ended = len(scanner.buffer), True
            self._refuse(place, "invalid_json", "the file ends in the middle of this element", rest)
        return None

    def _array(self, scanner: Scanner, inside: Position, limit: int) -> bool:
        """Pass elements of an array; whether its end was reached."""
        while True:
            first = scanner.peek()
            if first == b",":
                scanner.take()
                continue
            if first == b"]":
                scanner.take()
                if inside["object"]:
                    self._close(scanner)
                return True
            place = Place(file=self.name, offset=scanner.offset, path=f"{inside['path']}/{inside['index']}")
            if not first or first == b"}":
                self._refuse(place, "invalid_json", "the array has no end" if not first else "an array ends with '}'")
                return True
            if self._full(limit):
                return False
            raw = self._one(scanner, place)
            if raw is not None:
                self._keep(raw, place, inside["package"])
            inside["index"] += 1

    def _close(self, scanner: Scanner) -> None:
        """Pass the rest of a package behind its array."""
        while (first := scanner.peek()) not in (b"", b"}"):
            if first in b",:":
                scanner.take()
            elif self._one(scanner, Place(file=self.name, offset=scanner.offset)) is None:
                return
        if first:
            scanner.take()


def _package(scanner: Scanner) -> tuple[int, str, dict[str, Any]] | None:
    """(offset behind the '[' of its list, its path, what the package says of itself), or None where this is no package."""
    about: dict[str, Any] = {}
    scanner.peek()
    scanner.take()
    try:
        while scanner.peek() == b'"':
            key = scanner.value().strip(b'"').decode("utf-8", "replace")
            if scanner.peek() != b":" or key == "ocid":
                return None
            scanner.take()
            if key in LISTS and scanner.peek() == b"[":
                scanner.take()
                return scanner.offset, f"/{key}", about
            raw = scanner.value()
            if key in ABOUT and len(raw) < 20_000:
                about[key] = orjson.loads(raw)
            if scanner.peek() != b",":
                return None
            scanner.take()
    except (Truncated, Oversize, orjson.JSONDecodeError):
        return None
    return None


def _pass_line(file: BinaryIO, line: bytes) -> int:
    passed = 0
    while not line.endswith(b"\n") and (line := file.readline(1 << 20)):
        passed += len(line)
    return passed
