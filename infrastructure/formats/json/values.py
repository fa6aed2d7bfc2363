"""Reads concatenated JSON values of any size. Packages and arrays are opened, so that their elements are streamed."""

from typing import Any, BinaryIO

from domain.jobs.job import Position
from domain.ocds.packages import PACKAGE_LISTS
from domain.raw_records.record import EXCERPT_CHARACTERS, SourceLocation
from infrastructure.formats.json.package_head import PACKAGE_FIELDS, PackageDamage, broken_value, enter, package_of
from infrastructure.formats.json.scanner import DEEPEST as BRACKETS
from infrastructure.formats.json.scanner import (
    SEARCHES,
    BrokenError,
    MismatchError,
    OversizeError,
    ScanError,
    Scanner,
    TooDeepError,
)
from infrastructure.formats.slice_builder import DateOrderFinder, SliceBuilder
from services.ports.sources import Slice

MAX_LEVELS = 3  # nested arrays and packages that are opened; deeper ones are elements
LISTS_AND_COMPILED = {b'"%s"' % name.encode(): name for name in (*sorted(PACKAGE_LISTS), "compiledRelease")}
METADATA_NAMES = {b'"%s"' % name.encode(): name for name in PACKAGE_FIELDS}


class ValueReader:
    """Reads one slice. A position is an offset and the stack of the open lists, each with its path and next index."""

    def __init__(self, file: BinaryIO, name: str, longest: int, date_order: DateOrderFinder | None = None) -> None:
        self.file = file
        self.date_order = date_order
        self.name = name
        self.longest = longest

    def read(self, position: Position, limit: int) -> Slice:
        """At most `limit` elements from the position on."""
        self.slice = SliceBuilder(self.name, limit, self.date_order)
        self.scanner = Scanner(
            self.file, int(position["offset"]), self.longest, position.get("line"), int(position.get("column", 1))
        )
        self.stack: list[Position] = [dict(one) for one in position.get("stack", ())]
        self.scanner.searches = int(position.get("searches", 0))
        while first := self.scanner.peek():
            if first == b"," or (first == b"]" and self.stack):
                self._punctuation(first)
            elif self.slice.full:
                line, column = self.scanner.place()
                about_here = {"offset": self.scanner.offset, "line": line, "column": column or 1}
                return self.slice.build(
                    {"form": "values", **about_here, "stack": self.stack, "searches": self.scanner.searches}
                )
            else:
                self._value(first)
        if self.stack:
            self.slice.refuse(self._place(), "invalid_json", "the file ends before the list that '[' opened is closed")
        return self.slice.build(None)

    def _place(self) -> SourceLocation:
        return self._place_at(f"{self.stack[-1]['path']}/{self.stack[-1]['index']}" if self.stack else "")

    def _place_at(self, path: str) -> SourceLocation:
        line, column = self.scanner.place()
        return SourceLocation(file=self.name, line=line, column=column, offset=self.scanner.offset, path=path)

    def _punctuation(self, first: bytes) -> None:
        self.scanner.take()
        if first == b"]" and (ended := self.stack.pop())["object"]:
            self._pass_rest(ended)

    def _value(self, first: bytes) -> None:
        place = self._place()
        if first in b":]}":
            self.scanner.take()
            self.slice.refuse(place, "invalid_json", f"a stray {first.decode()!r} between elements")
            return
        if len(self.stack) < MAX_LEVELS and first == b"[":
            self.scanner.take()
            self._open(place.path, None, packed=False)
            return
        package = self.stack[-1]["package"] if self.stack else None
        found = None
        # The elements of a package's list are no packages, so only other objects are checked.
        if len(self.stack) < MAX_LEVELS and first == b"{" and not (self.stack and self.stack[-1]["object"]):
            found = enter(self.scanner)
            if found is not None and found.path:
                if found.damage is not None:
                    line, column = self.scanner.place_of(found.damage.offset)
                    self._refuse_part(place.model_copy(update={"line": line, "column": column}), found.damage)
                self._open(place.path + found.path, found.metadata, packed=True)
                return
        raw = self._element(place)
        if raw is not None:
            self.slice.add(raw, place, package if found is None else package_of(raw) or package)
            if self.stack and self.stack[-1]["object"] and b'"ocid"' not in raw and b'"url"' in raw:
                self.stack[-1]["links"] = True
        self._count()

    def _open(self, path: str, package: dict[str, Any] | None, *, packed: bool) -> None:
        package = package or (self.stack[-1]["package"] if self.stack else None)
        self._count()
        self.stack.append({"path": path, "index": 0, "package": package, "object": packed})

    def _count(self) -> None:
        if self.stack:
            self.stack[-1]["index"] += 1

    def _element(self, place: SourceLocation) -> bytes | None:
        scanner = self.scanner
        scanner.hold()
        try:
            raw = scanner.value()
            scanner.held = None
            return raw
        except ScanError as error:
            self._refuse(place, error)
            # A broken string ends with its line. Other damage may cost a long search, so the number of searches is
            # limited.
            scanner.recover(error, isinstance(error, BrokenError) or scanner.searches < SEARCHES)
            scanner.searches += not isinstance(error, BrokenError)
            return None

    def _refuse(self, place: SourceLocation, error: ScanError) -> None:
        code, reason = self._why(error)
        begin = self.scanner.at if self.scanner.held is None else self.scanner.held
        self.slice.refuse(place, code, reason, self.scanner.buffer[begin : begin + EXCERPT_CHARACTERS * 4])

    def _refuse_part(self, place: SourceLocation, damage: PackageDamage) -> None:
        """Quarantine damaged metadata of a package; its list is still read. `place` is that of the package."""
        reason = f"the package's metadata can't be read, but its list can: {damage.reason}"
        reason += f" (line {place.line} column {place.column})" if place.line else ""
        self.slice.refuse(place.model_copy(update={"offset": damage.offset}), damage.code, reason, damage.excerpt)

    def _why(self, error: ScanError) -> tuple[str, str]:
        if isinstance(error, OversizeError):
            return "too_large", f"the element is longer than {self.longest} bytes"
        if isinstance(error, TooDeepError):
            return (
                "invalid_json",
                f"it is nested more than {BRACKETS:,} levels deep; reading continues at the next record found nearby, "
                "if any",
            )
        if isinstance(error, BrokenError):
            return "invalid_json", "a string contains a line break: a quote is missing, or there is one too many"
        if isinstance(error, MismatchError):
            return "invalid_json", "a bracket is closed by one of the other kind"
        return "invalid_json", "the element is not closed"

    def _pass_rest(self, ended: Position) -> None:
        """Pass the members of a package after its list and its closing bracket; a second list is opened.

        The compiled release of an OCDS record whose list exceeded LOOK_AHEAD_BYTES is taken if the list has linked
        releases. If an object follows instead of a member, the closing bracket was stray and the list continues.
        """
        if self._goes_on():
            self.slice.refuse(
                self._place_at(f"{ended['path']}/{ended['index']}"), "invalid_json", "a stray ']' between elements"
            )
            self.stack.append(ended)
            return
        key = b""
        while (first := self.scanner.peek()) and first != b"}":
            name = LISTS_AND_COMPILED.get(key, "")
            path = f"{ended['path'].rpartition('/')[0]}/{name}"
            if name in PACKAGE_LISTS and first == b"[":
                self.scanner.take()
                self.stack.append(ended | {"path": path, "index": 0})
                return
            here = self._place_at(path)
            wanted = name and first == b"{" and (name in PACKAGE_LISTS or ended.get("links") or not ended["index"])
            raw = self._member(here if wanted else None)
            if wanted and raw is not None:
                self.slice.add(raw, here, ended["package"])
            elif key in METADATA_NAMES and (damage := _member_error(key, raw, here)):
                self._refuse_part(here, damage)
            key = raw if raw is not None and first == b'"' and not key and self.scanner.peek() == b":" else b""
            if key:
                self.scanner.take()
        if first:
            self.scanner.take()

    def _goes_on(self) -> bool:
        """Whether an object follows where the name of a member is expected, with or without a comma before it."""
        scanner = self.scanner
        scanner.hold()
        if scanner.peek() == b",":
            scanner.take()
        found = scanner.peek() == b"{"
        scanner.back()
        return found

    def _member(self, place: SourceLocation | None) -> bytes | None:
        """The value that begins here; None if it is too long or damaged, which is quarantined if `place` is given."""
        self.scanner.hold()
        try:
            return self.scanner.value()
        except ScanError as error:
            if place is not None:
                self._refuse(place, error)
            self.scanner.back()
            self.scanner.skip()
            return None
        finally:
            self.scanner.held = None


def _member_error(key: bytes, raw: bytes | None, place: SourceLocation) -> PackageDamage | None:
    """The error in a member after the list; `raw` is None if the value is not closed."""
    offset = place.offset or 0
    if raw in {None, b","}:
        return PackageDamage(
            offset, "invalid_json", f"{METADATA_NAMES[key]}: its value {'is missing' if raw else 'is not closed'}", b""
        )
    return broken_value(raw or b"", offset, METADATA_NAMES[key])
