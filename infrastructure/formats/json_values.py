"""JSON values of any size, one after the other: packages and arrays are gone into, so that their elements stream."""

from typing import Any, BinaryIO

from domain.record import Place
from domain.unpack import LISTS
from infrastructure.formats.packages import about, enter
from infrastructure.formats.scanner import DEEPEST as BRACKETS
from infrastructure.formats.scanner import BrokenError, MismatchError, OversizeError, ScanError, Scanner, TooDeepError
from infrastructure.formats.stretch import EXCERPT, Stretch
from services.ports import Slice

Position = dict[str, Any]
DEEPEST = 3  # arrays and packages gone into; what is deeper is an element as it stands
LISTS_AND_COMPILED = {b'"%s"' % name.encode(): name for name in (*sorted(LISTS), "compiledRelease")}
SEARCHES = 20  # for a place to read on from after damage; each may look through `longest` bytes


class ValueReader:
    """Reads a stretch. Its position is an offset and the stack of lists that are open there, each with its path and next index."""

    def __init__(self, file: BinaryIO, name: str, longest: int) -> None:
        self.file = file
        self.name = name
        self.longest = longest

    def read(self, position: Position, limit: int) -> Slice:
        """From `offset` on."""
        self.stretch = Stretch(self.name, limit)
        self.scanner = Scanner(self.file, int(position["offset"]), self.longest)
        self.stack: list[Position] = [dict(one) for one in position.get("stack", ())]
        self.searches = int(position.get("searches", 0))
        while first := self.scanner.peek():
            if first == b"," or (first == b"]" and self.stack):
                self._punctuation(first)
            elif self.stretch.full:
                return self.stretch.cut({"form": "values", "offset": self.scanner.offset, "stack": self.stack, "searches": self.searches})
            else:
                self._value(first)
        if self.stack:
            self.stretch.refuse(self._place(), "invalid_json", "the file ends before the list that began with '['")
        return self.stretch.cut(None)

    def _place(self) -> Place:
        path = f"{self.stack[-1]['path']}/{self.stack[-1]['index']}" if self.stack else ""
        return Place(file=self.name, offset=self.scanner.offset, path=path)

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
        if len(self.stack) < DEEPEST and first == b"[":
            self.scanner.take()
            self._open(place.path, None, packed=False)
            return
        package = self.stack[-1]["package"] if self.stack else None
        found = None
        # The elements of a package's list are no packages, so most elements need no look inside.
        if len(self.stack) < DEEPEST and first == b"{" and not (self.stack and self.stack[-1]["object"]):
            found = enter(self.scanner)
            if found is not None and found[0]:
                self._open(place.path + found[0], found[1], packed=True)
                return
        raw = self._one(place)
        if raw is not None:
            self.stretch.keep(raw, place, package if found is None else about(raw) or package)
            if self.stack and self.stack[-1]["object"] and not self.stack[-1].get("whole"):
                self.stack[-1]["whole"] = b'"ocid"' in raw  # and so more than a link
        self._count()

    def _open(self, path: str, package: dict[str, Any] | None, *, packed: bool) -> None:
        package = package or (self.stack[-1]["package"] if self.stack else None)
        self._count()
        self.stack.append({"path": path, "index": 0, "package": package, "object": packed})

    def _count(self) -> None:
        if self.stack:
            self.stack[-1]["index"] += 1

    def _one(self, place: Place) -> bytes | None:
        scanner = self.scanner
        scanner.hold()
        try:
            raw = scanner.value()
            scanner.held = None
            return raw
        except ScanError as error:
            self._refuse(place, error)
            # A broken text ends at its line, and so near; for other damage whole stretches are read again, which must not go on for ever.
            scanner.recover(error, isinstance(error, BrokenError) or self.searches < SEARCHES)
            self.searches += not isinstance(error, BrokenError)
            return None

    def _refuse(self, place: Place, error: ScanError) -> None:
        code, reason = self._why(error)
        begin = self.scanner.at if self.scanner.held is None else self.scanner.held
        self.stretch.refuse(place, code, reason, self.scanner.buffer[begin : begin + EXCERPT * 4])

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

        Of a record whose list was too long to be looked behind, the compiled release is taken where all that the list had was links.
        """
        key = b""
        while (first := self.scanner.peek()) and first != b"}":
            name = LISTS_AND_COMPILED.get(key, "")
            path = f"{ended['path'].rpartition('/')[0]}/{name}"
            if name in LISTS and first == b"[":
                self.scanner.take()
                self.stack.append(ended | {"path": path, "index": 0})
                return
            place = Place(file=self.name, offset=self.scanner.offset, path=path) if name and first == b"{" else None
            if name not in LISTS and ended.get("whole"):
                place = None
            raw = self._member(place)
            if place is not None and raw is not None:
                self.stretch.keep(raw, place, ended["package"])
            key = raw if raw is not None and first == b'"' and not key and self.scanner.peek() == b":" else b""
            if key:
                self.scanner.take()
        if first:
            self.scanner.take()

    def _member(self, place: Place | None) -> bytes | None:
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
