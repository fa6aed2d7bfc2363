"""What a release or record package says of itself, before its list and behind, and where the list begins; at most the beginning of the list is looked at."""

import re
from typing import Any, BinaryIO, NamedTuple

import orjson

from domain.ocds.packages import PACKAGE_LISTS
from domain.shared.canonical_json import RECORD_MAX_LEVELS, canonical_json
from infrastructure.formats.json.scanner import SEARCHES, BrokenError, ScanError, Scanner

PACKAGE_FIELDS = ("uri", "version", "publishedDate", "publisher", "license", "publicationPolicy", "extensions")
# What begins with one of these is a release or a record itself: no need to look further.
OF_RELEASES = {"ocid", "id", "date", "tag", "initiationType", "language", "buyer", "parties", "planning", "tender", "awards", "contracts", "bids"}
OF_RELEASES |= {"compiledRelease", "versionedRelease", "relatedProcesses", "url"}
OF_RECORDS = {"ocid", "compiledRelease", "versionedRelease"}  # what has one of these, before its releases or behind, is a record
LIST_OR_OCID = re.compile(rb'"(releases|records)"\s*+:\s*+\[|"ocid"\s*+:')
GOES_ON = re.compile(rb'\}\s*+,\s*+"(?:[^"\\\n]++|\\.)*+"\s*+:')  # a member behind the end of an object
EXCERPT_BYTES = 8_000
TAIL_BYTES = 64 << 10  # bytes of the end of the file, looked at where the list is longer than that
BEHIND = re.compile(rb'\]\s*+,(?=\s*+")')
CHUNK_BYTES = 1 << 20
LOOK_AHEAD_BYTES = 4 << 20  # bytes looked ahead, once a package, for what stands behind its list
VALUE_MAX_BYTES = 20_000  # bytes of one value of ABOUT that are worth keeping beside each record


class PackageDamage(NamedTuple):
    """What is wrong in what a package says of itself; `offset` is that of the file."""

    offset: int
    code: str
    reason: str
    excerpt: bytes


class PackageHead(NamedTuple):
    """A package that was gone into: "/releases" or "/records", what it says of itself, and what is wrong there.

    The path is "" where one object stands for the list: then it is to be read as one element.
    """

    path: str
    said: dict[str, Any] | None
    damage: PackageDamage | None = None


def enter(scanner: Scanner) -> PackageHead | None:
    """Go into the package that begins here. None, and stay, where it is none; stay too where its path is "".

    What is wrong before its list costs no more than that: reading goes on at the list, unless an ocid stands before it.
    A record whose releases stand before its ocid is no package, unless they are longer than LOOK.
    """
    scanner.hold()
    found = _Head(scanner).read()
    if found is None or not found.path:
        scanner.back()
    scanner.held = None
    return found


def broken_value(raw: bytes, offset: int, name: str) -> PackageDamage | None:
    """What is wrong with the value of a member, that was taken at `offset`; None where nothing is."""
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):  # not kept, and nobody misses it
            return None
        return _bad_byte(raw, offset, name) or PackageDamage(offset + len(error.doc[: error.pos].encode()), "invalid_json", f"{name}: {error.msg}", raw)
    return None


def _bad_byte(raw: bytes, offset: int, where: str) -> PackageDamage | None:
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return PackageDamage(offset + wrong.start, "invalid_utf8", f"{where}: byte 0x{raw[wrong.start]:02X} is not UTF-8", raw)
    return None


def package_of(line: bytes) -> dict[str, Any] | None:
    """What the package that is this text says of itself; None where it is none."""
    if b'"releases"' not in line and b'"records"' not in line:
        return None
    try:
        package = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(package, dict) or not PACKAGE_LISTS & package.keys() or "ocid" in package:
        return None
    return {key: package[key] for key in PACKAGE_FIELDS if key in package and _short(package[key])} or None


def _short(value: Any) -> bool:
    try:
        return len(canonical_json(value)) < VALUE_MAX_BYTES
    except orjson.JSONEncodeError:  # nested deeper than is kept
        return False


class _Head:
    """Reads what a package says of itself before its list."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.said: dict[str, Any] = {}
        self.damage: PackageDamage | None = None

    def read(self) -> PackageHead | None:
        """The package, with the scanner in its list."""
        scanner = self.scanner
        scanner.take()
        while True:
            offset = scanner.offset
            try:
                if scanner.peek() == b"}":
                    return self._search(offset, "a closing bracket too many") if scanner.at_pattern(GOES_ON) else None
                if not scanner.peek():
                    return None
                key = self._key()
                if key is None:
                    return self._search(offset, "the name of a member, in quotes and with a colon behind it, is missing")
                if key in OF_RELEASES:
                    return None
                if key in PACKAGE_LISTS and scanner.peek() == b"{":  # one object where a list belongs: whoever judges the whole finds it
                    return None if self.damage else PackageHead("", None)
                if key in PACKAGE_LISTS and scanner.peek() == b"[":
                    return self._inside(key)
                self._value(key)
                if scanner.peek() == b"}":
                    continue
                if scanner.peek() != b",":
                    return self._search(offset, f"{key}: no comma stands behind its value")
                scanner.take()
            except (ScanError, orjson.JSONDecodeError):
                return self._search(offset, "a text or a bracket that does not end, or ends twice")

    def _key(self) -> str | None:
        if self.scanner.peek() != b'"':
            return None
        key = str(orjson.loads(self.scanner.value()))
        if self.scanner.peek() != b":":
            return None
        self.scanner.take()
        return key

    def _value(self, key: str) -> None:
        """Pass the value of a member, where it has one."""
        scanner = self.scanner
        first, offset = scanner.peek(), scanner.offset
        if first in {b",", b"}"}:
            self.damage = self.damage or PackageDamage(offset, "invalid_json", f"{key}: its value is missing", b"")
            return
        raw = scanner.value()
        wrong = broken_value(raw, offset, key)
        if (wrong or key in PACKAGE_FIELDS) and LIST_OR_OCID.search(raw):  # a quote or a bracket is missing: what was taken is more than the value
            raise BrokenError
        if wrong:
            self.damage = self.damage or wrong
        elif key in PACKAGE_FIELDS and (value := _said(raw)) is not None:
            self.said[key] = value

    def _inside(self, key: str) -> PackageHead | None:
        scanner = self.scanner
        begins = scanner.offset
        behind, far = _behind(scanner)
        if OF_RECORDS & behind.keys():
            return None
        scanner.at = begins + 1 - scanner.base
        behind = _at_end(scanner.file, begins, key) if far else behind
        self.said |= {name: value for name, value in behind.items() if name in PACKAGE_FIELDS and value is not None}
        return PackageHead(f"/{key}", self.said or None, self.damage)

    def _search(self, offset: int, reason: str) -> PackageHead | None:
        """Go on at the list, where it begins before any ocid."""
        scanner = self.scanner
        scanner.at = offset - scanner.base
        excerpt = scanner.buffer[scanner.at : scanner.at + EXCERPT_BYTES]
        found = scanner.find(LIST_OR_OCID, LOOK_AHEAD_BYTES) if scanner.searches < SEARCHES else None
        if found is None or not found[1]:
            scanner.searches += 1
            return None
        scanner.at = found.end() - 1
        excerpt = excerpt[: scanner.offset - offset]
        self.damage = self.damage or _bad_byte(excerpt, offset, "before its list") or PackageDamage(offset, "invalid_json", reason, excerpt)
        return self._inside(found[1].decode())


def _said(raw: bytes) -> Any:
    """The value, where it is worth keeping; else None."""
    return orjson.loads(raw) if len(raw) < VALUE_MAX_BYTES and raw.count(b"{") + raw.count(b"[") < RECORD_MAX_LEVELS else None


def _behind(scanner: Scanner) -> tuple[dict[str, Any], bool]:
    """The members behind the list that begins here, as far as they are near; and whether the list is too long for that."""
    found: dict[str, Any] = {}
    longest, ends = scanner.longest, scanner.offset + LOOK_AHEAD_BYTES
    scanner.longest = min(longest, LOOK_AHEAD_BYTES)
    far = True
    try:
        scanner.value()
        far = False
        while scanner.peek() == b"," and scanner.offset < ends:
            scanner.take()
            key = orjson.loads(scanner.value()) if scanner.peek() == b'"' else None
            if not isinstance(key, str) or scanner.peek() != b":":
                break
            found[key] = None
            scanner.take()
            raw = scanner.value()
            found[key] = _said(raw) if key in PACKAGE_FIELDS else None
    except (ScanError, orjson.JSONDecodeError):
        pass  # too far, or damaged: the list is read as that of a package, which loses least
    finally:
        scanner.longest = longest
    return found, far


def _at_end(file: BinaryIO, begins: int, key: str) -> dict[str, Any]:
    """What the end of the file says of the package whose list begins there; nothing where it may be the end of another one."""
    stands = file.tell()
    try:
        file.seek(max(begins, file.seek(0, 2) - TAIL_BYTES))
        found = _tail(file.read())
        return found if any(name in PACKAGE_FIELDS for name in found) and _only(file, begins, key) else {}
    finally:
        file.seek(stands)


def _tail(tail: bytes) -> dict[str, Any]:
    """The members behind the last list of an object that ends with the file."""
    for found in BEHIND.finditer(tail):
        try:
            members: dict[str, Any] = orjson.loads(b"{" + tail[found.end() :].rstrip(b" \t\r\n\x00"))
        except orjson.JSONDecodeError:
            continue  # inside an element
        return {name: value for name, value in members.items() if _short(value)}
    return {}


def _only(file: BinaryIO, begins: int, key: str) -> bool:
    """Whether no other package begins behind: records have a list `releases` each, but never one of records."""
    others = [b'"records"'] if key == "records" else [b'"records"', b'"releases"']
    file.seek(begins)
    before = b""
    while piece := file.read(CHUNK_BYTES):
        piece = before + piece
        if any(one in piece for one in others):
            return False
        before = piece[-16:]
    return True
