"""JSON values of any size, one after the other: packages and arrays are gone into, so that their elements stream."""

from typing import Any, BinaryIO

from domain.ocds.packages import PACKAGE_LISTS
from domain.raw_records.record import SourceLocation
from infrastructure.formats.json.package_head import PACKAGE_FIELDS, PackageDamage, broken_value, enter, package_of
from infrastructure.formats.json.scanner import DEEPEST as BRACKETS
from infrastructure.formats.json.scanner import SEARCHES, BrokenError, MismatchError, OversizeError, ScanError, Scanner, TooDeepError
from infrastructure.formats.slice_builder import EXCERPT_CHARACTERS, DateOrderFinder, SliceBuilder
from services.ports.sources import Slice

Position = dict[str, Any]
MAX_LEVELS = 3  # arrays and packages gone into; what is deeper is an element as it stands
LISTS_AND_COMPILED = {b'"%s"' % name.encode(): name for name in (*sorted(PACKAGE_LISTS), "compiledRelease")}

SAID = {b'"%s"' % name.encode(): name for name in PACKAGE_FIELDS}


class ValueReader:
    """Reads a stretch. Its position is an offset and the stack of lists that are open there, each with its path and next index."""

    def __init__(self, file: BinaryIO, name: str, longest: int, date_order: DateOrderFinder | None = None) -> None:
        self.file = file
        self.date_order = date_order
        self.name = name
        self.longest = longest

    def read(self, position: Position, limit: int) -> Slice:
        """From `offset` on."""
        self.stretch = SliceBuilder(self.name, limit, self.date_order)
        self.scanner = Scanner(self.file, int(position["offset"]), self.longest, position.get("line"), int(position.get("column", 1)))
        self.stack: list[Position] = [dict(one) for one in position.get("stack", ())]
        self.scanner.searches = int(position.get("searches", 0))
        while first := self.scanner.peek():
            if first == b"," or (first == b"]" and self.stack):
                self._punctuation(first)
            elif self.stretch.full:
                line, column = self.scanner.place()
                about_here = {"offset": self.scanner.offset, "line": line, "column": column or 1}
                return self.stretch.build({"form": "values", **about_here, "stack": self.stack, "searches": self.scanner.searches})
            else:
                self._value(first)
        if self.stack:
            self.stretch.refuse(self._place(), "invalid_json", "the file ends before the list that began with '['")
        return self.stretch.build(None)

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
            self.stretch.refuse(place, "invalid_json", f"a stray {first.decode()!r} between elements")
            return
        if len(self.stack) < MAX_LEVELS and first == b"[":
            self.scanner.take()
            self._open(place.path, None, packed=False)
            return
        package = self.stack[-1]["package"] if self.stack else None
        found = None
        # The elements of a package's list are no packages, so most elements need no look inside.
        if len(self.stack) < MAX_LEVELS and first == b"{" and not (self.stack and self.stack[-1]["object"]):
            found = enter(self.scanner)
            if found is not None and found.path:
                if found.damage is not None:
                    line, column = self.scanner.place_of(found.damage.offset)
                    self._refuse_part(place.model_copy(update={"line": line, "column": column}), found.damage)
                self._open(place.path + found.path, found.said, packed=True)
                return
        raw = self._one(place)
        if raw is not None:
            self.stretch.add(raw, place, package if found is None else package_of(raw) or package)
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

    def _one(self, place: SourceLocation) -> bytes | None:
        scanner = self.scanner
        scanner.hold()
        try:
            raw = scanner.value()
            scanner.held = None
            return raw
        except ScanError as error:
            self._refuse(place, error)
            # A broken text ends at its line, and so near; for other damage whole stretches are read again, which must not go on for ever.
            scanner.recover(error, isinstance(error, BrokenError) or scanner.searches < SEARCHES)
            scanner.searches += not isinstance(error, BrokenError)
            return None

    def _refuse(self, place: SourceLocation, error: ScanError) -> None:
        code, reason = self._why(error)
        begin = self.scanner.at if self.scanner.held is None else self.scanner.held
        self.stretch.refuse(place, code, reason, self.scanner.buffer[begin : begin + EXCERPT_CHARACTERS * 4])

    def _refuse_part(self, place: SourceLocation, damage: PackageDamage) -> None:
        """What is wrong in what a package says of itself costs that alone; `place` is the package's."""
        reason = f"what the package says of itself can't be read, and its list can: {damage.reason}"
        reason += f" (line {place.line} column {place.column})" if place.line else ""
        self.stretch.refuse(place.model_copy(update={"offset": damage.offset}), damage.code, reason, damage.excerpt)

    def _why(self, error: ScanError) -> tuple[str, str]:
        if isinstance(error, OversizeError):
            return "too_large", f"the element is longer than {self.longest} bytes"
        if isinstance(error, TooDeepError):
            return "invalid_json", f"it nests more than {BRACKETS:,} deep; reading goes on where the next record seems to begin, if one does near by"
        if isinstance(error, BrokenError):
            return "invalid_json", "a text runs over the end of its line: a quote is missing, or one too many"
        if isinstance(error, MismatchError):
            return "invalid_json", "a bracket is closed by one of the other kind"
        return "invalid_json", "the element has no end"

    def _pass_rest(self, ended: Position) -> None:
        """Pass what a package has behind its list, its closing bracket included; but go into a second list.

        Of a record whose list was too long to be looked behind, the compiled release is taken where the list had links. Where an element
        follows, the list had a stray bracket and goes on.
        """
        if self._goes_on():
            self.stretch.refuse(self._place_at(f"{ended['path']}/{ended['index']}"), "invalid_json", "a stray ']' between elements")
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
                self.stretch.add(raw, here, ended["package"])
            elif key in SAID and (damage := _broken(key, raw, here)):
                self._refuse_part(here, damage)
            key = raw if raw is not None and first == b'"' and not key and self.scanner.peek() == b":" else b""
            if key:
                self.scanner.take()
        if first:
            self.scanner.take()

    def _goes_on(self) -> bool:
        """Whether an object stands where the name of a member belongs, and not for want of a comma."""
        scanner = self.scanner
        scanner.hold()
        if scanner.peek() == b",":
            scanner.take()
        found = scanner.peek() == b"{"
        scanner.back()
        return found

    def _member(self, place: SourceLocation | None) -> bytes | None:
        """The value that begins here; None, behind it, where it is too long or damaged, which is said where it has a place."""
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


def _broken(key: bytes, raw: bytes | None, place: SourceLocation) -> PackageDamage | None:
    """What is wrong with a member behind the list; `raw` is None where it has no end."""
    offset = place.offset or 0
    if raw in {None, b","}:
        return PackageDamage(offset, "invalid_json", f"{SAID[key]}: its value {'is missing' if raw else 'has no end'}", b"")
    return broken_value(raw or b"", offset, SAID[key])
