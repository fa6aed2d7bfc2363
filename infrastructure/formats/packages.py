"""What a release or record package says of itself, and where its list begins, without reading the list."""

from typing import Any

import orjson

from domain.canonical import DEEPEST, canonical
from infrastructure.formats.scanner import ScanError, Scanner

LISTS = {"releases", "records"}
ABOUT = ("uri", "version", "publishedDate", "publisher", "license", "publicationPolicy", "extensions")
# What begins with one of these is a release or a record itself: no need to look further.
OF_RELEASES = {"ocid", "id", "date", "tag", "initiationType", "language", "buyer", "parties", "planning", "tender", "awards", "contracts", "bids"}
OF_RELEASES |= {"compiledRelease", "versionedRelease", "relatedProcesses", "url"}
OF_RECORDS = {"ocid", "compiledRelease", "versionedRelease"}  # what has one of these, before its releases or behind, is a record
LOOK = 4 << 20  # bytes looked ahead, once a package, for what stands behind its list
LONGEST = 20_000  # bytes of one value of ABOUT that are worth keeping beside each record


def enter(scanner: Scanner) -> tuple[str, dict[str, Any] | None] | None:
    """Go into the package that begins here: ("/releases" or "/records", what it says of itself before). None, and stay, where it is none.

    A record whose releases stand before its ocid is none either, unless they are longer than LOOK.
    """
    scanner.hold()
    found = _list(scanner)
    if found is None:
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
                return None
            if key in LISTS and scanner.peek() == b"[":
                begins = scanner.offset
                if OF_RECORDS & _behind(scanner):
                    return None
                scanner.at = begins + 1 - scanner.base
                return f"/{key}", said or None
            raw = scanner.value()
            if key in ABOUT and len(raw) < LONGEST and raw.count(b"{") + raw.count(b"[") < DEEPEST:
                said[key] = orjson.loads(raw)
            if scanner.peek() != b",":
                return None
            scanner.take()
    except (ScanError, orjson.JSONDecodeError):
        return None
    return None


def _behind(scanner: Scanner) -> set[str]:
    """The keys behind the list that begins here, as far as they are near."""
    keys: set[str] = set()
    longest, ends = scanner.longest, scanner.offset + LOOK
    scanner.longest = min(longest, LOOK)
    try:
        scanner.value()
        while scanner.peek() == b"," and scanner.offset < ends:
            scanner.take()
            key = orjson.loads(scanner.value()) if scanner.peek() == b'"' else None
            if not isinstance(key, str) or scanner.peek() != b":":
                break
            keys.add(key)
            scanner.take()
            scanner.value()
    except (ScanError, orjson.JSONDecodeError):
        pass  # too far, or damaged: the list is read as that of a package, which loses least
    finally:
        scanner.longest = longest
    return keys
