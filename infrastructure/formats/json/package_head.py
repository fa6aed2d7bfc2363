"""Reads the metadata of a release or record package, which precedes or follows its list, and finds the list.

At most LOOK_AHEAD_BYTES of the list are read for that, so that a package of any size can be streamed.
"""

import re
from typing import Any, BinaryIO, NamedTuple

import orjson

from domain.ocds.not_ocds import IDENTIFYING, RELEASE_MEMBERS
from domain.ocds.packages import PACKAGE_LISTS
from domain.shared.canonical_json import RECORD_MAX_LEVELS, canonical_json
from infrastructure.formats.json.scanner import SEARCHES, BrokenError, ScanError, Scanner

PACKAGE_FIELDS = ("uri", "version", "publishedDate", "publisher", "license", "publicationPolicy", "extensions")
# An object with one of these members before any list is a release or an OCDS record, not a package.
NOT_OF_PACKAGES = RELEASE_MEMBERS | IDENTIFYING | {"language", "compiledRelease", "versionedRelease", "url"}
# An object with a list `releases` and one of these members is an OCDS record, not a package.
RECORD_MEMBERS = {"ocid", "compiledRelease", "versionedRelease"}
LIST_OR_OCID = re.compile(rb'"(releases|records)"\s*+:\s*+\[|"ocid"\s*+:')
NEXT_MEMBER = re.compile(rb'\}\s*+,\s*+"(?:[^"\\\n]++|\\.)*+"\s*+:')  # a closing bracket followed by another member
EXCERPT_BYTES = 8_000
TAIL_BYTES = 64 << 10  # end of the file that is searched for metadata after a list longer than LOOK_AHEAD_BYTES
AFTER_LIST = re.compile(rb'\]\s*+,(?=\s*+")')
CHUNK_BYTES = 1 << 20
LOOK_AHEAD_BYTES = 4 << 20  # read ahead, once per package, to find the members after its list
VALUE_MAX_BYTES = 20_000  # longer values of PACKAGE_FIELDS are dropped: the metadata is stored with each record


class PackageDamage(NamedTuple):
    """An error in the metadata of a package; `offset` is in bytes from the beginning of the file."""

    offset: int
    code: str
    reason: str
    excerpt: bytes


class PackageHead(NamedTuple):
    """A package whose list is being read: the path of the list, "/releases" or "/records", its metadata, and their
    first error.

    The path is "" if the member is one object instead of a list: then the whole package is read as one element.
    """

    path: str
    metadata: dict[str, Any] | None
    damage: PackageDamage | None = None


def enter(scanner: Scanner) -> PackageHead | None:
    """Move the scanner into the list of the package that begins here.

    None if it is no package. Then, and if the path is "", the scanner does not move.

    Damage before the list costs the metadata only: reading continues at the list, unless an ocid precedes it.
    An OCDS record whose releases precede its ocid counts as a package only if they are longer than LOOK_AHEAD_BYTES.
    """
    scanner.hold()
    found = _Head(scanner).read()
    if found is None or not found.path:
        scanner.back()
    scanner.held = None
    return found


def broken_value(raw: bytes, offset: int, name: str) -> PackageDamage | None:
    """The syntax error in the value of the member `name`, which begins at byte `offset` of the file; None if it is
    valid.
    """
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):  # too deep to be kept, but valid JSON
            return None
        return _bad_byte(raw, offset, name) or PackageDamage(
            offset + len(error.doc[: error.pos].encode()), "invalid_json", f"{name}: {error.msg}", raw
        )
    return None


def _bad_byte(raw: bytes, offset: int, where: str) -> PackageDamage | None:
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return PackageDamage(
            offset + wrong.start, "invalid_utf8", f"{where}: byte 0x{raw[wrong.start]:02X} is not UTF-8", raw
        )
    return None


def package_of(line: bytes) -> dict[str, Any] | None:
    """The metadata of a package given as its whole text; None if the text is no package or has no metadata."""
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
    except orjson.JSONEncodeError:  # nested too deep to be kept
        return False


class _Head:
    """Reads the members of a package before its list."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.metadata: dict[str, Any] = {}
        self.damage: PackageDamage | None = None

    def read(self) -> PackageHead | None:
        """The package, with the scanner moved into its list; None if it is no package."""
        scanner = self.scanner
        scanner.take()
        while True:
            offset = scanner.offset
            try:
                if scanner.peek() == b"}":
                    return (
                        self._search(offset, "one closing bracket too many")
                        if scanner.at_pattern(NEXT_MEMBER)
                        else None
                    )
                if not scanner.peek():
                    return None
                key = self._key()
                if key is None:
                    return self._search(offset, "the name of a member, in quotes and followed by a colon, is missing")
                if key in NOT_OF_PACKAGES:
                    return None
                if key in PACKAGE_LISTS and scanner.peek() == b"{":  # an object instead of a list: left to validation
                    return None if self.damage else PackageHead("", None)
                if key in PACKAGE_LISTS and scanner.peek() == b"[":
                    return self._inside(key)
                self._value(key)
                if scanner.peek() == b"}":
                    continue
                if scanner.peek() != b",":
                    return self._search(offset, f"{key}: the comma after its value is missing")
                scanner.take()
            except (ScanError, orjson.JSONDecodeError):
                return self._search(offset, "a string or bracket is not closed, or closed twice")

    def _key(self) -> str | None:
        if self.scanner.peek() != b'"':
            return None
        key = str(orjson.loads(self.scanner.value()))
        if self.scanner.peek() != b":":
            return None
        self.scanner.take()
        return key

    def _value(self, key: str) -> None:
        """Pass the value of a member, and keep it if it is metadata."""
        scanner = self.scanner
        first, offset = scanner.peek(), scanner.offset
        if first in {b",", b"}"}:
            self.damage = self.damage or PackageDamage(offset, "invalid_json", f"{key}: its value is missing", b"")
            return
        raw = scanner.value()
        wrong = broken_value(raw, offset, key)
        # A value that holds the list is too long: a quote or a bracket is missing.
        if (wrong or key in PACKAGE_FIELDS) and LIST_OR_OCID.search(raw):
            raise BrokenError
        if wrong:
            self.damage = self.damage or wrong
        elif key in PACKAGE_FIELDS and (value := _kept_value(raw)) is not None:
            self.metadata[key] = value

    def _inside(self, key: str) -> PackageHead | None:
        scanner = self.scanner
        list_offset = scanner.offset
        members, too_long = _members_after_list(scanner)
        if RECORD_MEMBERS & members.keys():
            return None
        scanner.at = list_offset + 1 - scanner.base
        members = _metadata_at_end(scanner.file, list_offset, key) if too_long else members
        self.metadata |= {
            name: value for name, value in members.items() if name in PACKAGE_FIELDS and value is not None
        }
        return PackageHead(f"/{key}", self.metadata or None, self.damage)

    def _search(self, offset: int, reason: str) -> PackageHead | None:
        """Continue at the list after damage, if the list precedes any ocid; None if there is no such list."""
        scanner = self.scanner
        scanner.at = offset - scanner.base
        excerpt = scanner.buffer[scanner.at : scanner.at + EXCERPT_BYTES]
        found = scanner.find(LIST_OR_OCID, LOOK_AHEAD_BYTES) if scanner.searches < SEARCHES else None
        if found is None or not found[1]:
            scanner.searches += 1
            return None
        scanner.at = found.end() - 1
        excerpt = excerpt[: scanner.offset - offset]
        self.damage = (
            self.damage
            or _bad_byte(excerpt, offset, "before its list")
            or PackageDamage(offset, "invalid_json", reason, excerpt)
        )
        return self._inside(found[1].decode())


def _kept_value(raw: bytes) -> Any:
    """The parsed value; None if it is too long or nested too deep to be kept."""
    return (
        orjson.loads(raw)
        if len(raw) < VALUE_MAX_BYTES and raw.count(b"{") + raw.count(b"[") < RECORD_MAX_LEVELS
        else None
    )


def _members_after_list(scanner: Scanner) -> tuple[dict[str, Any], bool]:
    """(the members after the list that begins here, whether the list is too long to find them)."""
    found: dict[str, Any] = {}
    longest, limit = scanner.longest, scanner.offset + LOOK_AHEAD_BYTES
    scanner.longest = min(longest, LOOK_AHEAD_BYTES)
    too_long = True
    try:
        scanner.value()
        too_long = False
        while scanner.peek() == b"," and scanner.offset < limit:
            scanner.take()
            key = orjson.loads(scanner.value()) if scanner.peek() == b'"' else None
            if not isinstance(key, str) or scanner.peek() != b":":
                break
            found[key] = None
            scanner.take()
            raw = scanner.value()
            found[key] = _kept_value(raw) if key in PACKAGE_FIELDS else None
    except (ScanError, orjson.JSONDecodeError):
        pass  # too long, or damaged: reading it as the list of a package loses least
    finally:
        scanner.longest = longest
    return found, too_long


def _metadata_at_end(file: BinaryIO, list_offset: int, key: str) -> dict[str, Any]:
    """The metadata at the end of the file; empty if it may be that of another package than the one whose list is at
    `list_offset`.
    """
    position = file.tell()
    try:
        file.seek(max(list_offset, file.seek(0, 2) - TAIL_BYTES))
        found = _members_at_end(file.read())
        return (
            found if any(name in PACKAGE_FIELDS for name in found) and _is_last_package(file, list_offset, key) else {}
        )
    finally:
        file.seek(position)


def _members_at_end(tail: bytes) -> dict[str, Any]:
    """The members after the last list of the object that ends with the file."""
    for found in AFTER_LIST.finditer(tail):
        try:
            members: dict[str, Any] = orjson.loads(b"{" + tail[found.end() :].rstrip(b" \t\r\n\x00"))
        except orjson.JSONDecodeError:
            continue  # this bracket closes a list inside an element
        return {name: value for name, value in members.items() if _short(value)}
    return {}


def _is_last_package(file: BinaryIO, list_offset: int, key: str) -> bool:
    """Whether no other package follows. OCDS records have a list `releases` each, but never a list `records`."""
    lists = [b'"records"'] if key == "records" else [b'"records"', b'"releases"']
    file.seek(list_offset)
    overlap = b""
    while chunk := file.read(CHUNK_BYTES):
        chunk = overlap + chunk
        if any(name in chunk for name in lists):
            return False
        overlap = chunk[-16:]
    return True
