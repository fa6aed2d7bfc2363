"""What a release or record package says of itself, before its list and behind, and where the list begins; at most the beginning of the list is looked at."""

import re
from typing import Any, BinaryIO

import orjson

from domain.canonical import DEEPEST, canonical
from domain.unpack import LISTS
from infrastructure.formats.scanner import ScanError, Scanner

ABOUT = ("uri", "version", "publishedDate", "publisher", "license", "publicationPolicy", "extensions")
# What begins with one of these is a release or a record itself: no need to look further.
OF_RELEASES = {"ocid", "id", "date", "tag", "initiationType", "language", "buyer", "parties", "planning", "tender", "awards", "contracts", "bids"}
OF_RELEASES |= {"compiledRelease", "versionedRelease", "relatedProcesses", "url"}
OF_RECORDS = {"ocid", "compiledRelease", "versionedRelease"}  # what has one of these, before its releases or behind, is a record
TAIL = 64 << 10  # bytes of the end of the file, looked at where the list is longer than that
BEHIND = re.compile(rb'\]\s*+,(?=\s*+")')
CHUNK = 1 << 20
LOOK = 4 << 20  # bytes looked ahead, once a package, for what stands behind its list
LONGEST = 20_000  # bytes of one value of ABOUT that are worth keeping beside each record


def enter(scanner: Scanner) -> tuple[str, dict[str, Any] | None] | None:
    """Go into the package that begins here: ("/releases" or "/records", what it says of itself). None, and stay, where it is none.

    The path is "" where one object stands for the list: then it is to be read as one element, and stays too.

    A record whose releases stand before its ocid is none either, unless they are longer than LOOK.
    """
    scanner.hold()
    found = _list(scanner)
    if found is None or not found[0]:
        scanner.back()
    scanner.held = None
    return found


def about(line: bytes) -> dict[str, Any] | None:
    """What the package that is this text says of itself; None where it is none."""
    if b'"releases"' not in line and b'"records"' not in line:
        return None
    try:
        package = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(package, dict) or not LISTS & package.keys() or "ocid" in package:
        return None
    return {key: package[key] for key in ABOUT if key in package and _short(package[key])} or None


def _short(value: Any) -> bool:
    try:
        return len(canonical(value)) < LONGEST
    except orjson.JSONEncodeError:  # nested deeper than is kept
        return False


def _list(scanner: Scanner) -> tuple[str, dict[str, Any] | None] | None:
    said: dict[str, Any] = {}
    scanner.take()
    try:
        while scanner.peek() == b'"':
            key = str(orjson.loads(scanner.value()))
            if scanner.peek() != b":" or key in OF_RELEASES:
                return None
            scanner.take()
            if key in LISTS and scanner.peek() == b"{":  # one object where a list belongs: whoever judges the whole finds it
                return "", None
            if key in LISTS and scanner.peek() == b"[":
                begins = scanner.offset
                behind, far = _behind(scanner)
                if OF_RECORDS & behind.keys():
                    return None
                scanner.at = begins + 1 - scanner.base
                behind = _at_end(scanner.file, begins, key) if far else behind
                said |= {name: value for name, value in behind.items() if name in ABOUT and value is not None}
                return f"/{key}", said or None
            raw = scanner.value()
            if key in ABOUT and (value := _said(raw)) is not None:
                said[key] = value
            if scanner.peek() != b",":
                return None
            scanner.take()
    except (ScanError, orjson.JSONDecodeError):
        return None
    return None


def _said(raw: bytes) -> Any:
    """The value, where it is worth keeping; else None."""
    return orjson.loads(raw) if len(raw) < LONGEST and raw.count(b"{") + raw.count(b"[") < DEEPEST else None


def _behind(scanner: Scanner) -> tuple[dict[str, Any], bool]:
    """The members behind the list that begins here, as far as they are near; and whether the list is too long for that."""
    found: dict[str, Any] = {}
    longest, ends = scanner.longest, scanner.offset + LOOK
    scanner.longest = min(longest, LOOK)
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
            found[key] = _said(raw) if key in ABOUT else None
    except (ScanError, orjson.JSONDecodeError):
        pass  # too far, or damaged: the list is read as that of a package, which loses least
    finally:
        scanner.longest = longest
    return found, far


def _at_end(file: BinaryIO, begins: int, key: str) -> dict[str, Any]:
    """What the end of the file says of the package whose list begins there; nothing where it may be the end of another one."""
    stands = file.tell()
    try:
        file.seek(max(begins, file.seek(0, 2) - TAIL))
        found = _tail(file.read())
        return found if any(name in ABOUT for name in found) and _only(file, begins, key) else {}
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
    while piece := file.read(CHUNK):
        piece = before + piece
        if any(one in piece for one in others):
            return False
        before = piece[-16:]
    return True
