"""Recognises a PDF by its bytes, as leniently as PDF readers do: other bytes may precede the header, or it may be
missing.

A file of another format that contains or mentions a PDF is not one.
"""

import re
from pathlib import Path

MAGIC = b"%PDF-"
WITHIN_BYTES = 1_024  # PDF readers search the header within these
BEGINNING_BYTES = 64 * 1024  # the first object is searched within these if no header is found
END_BYTES = 2_048
BLANKS = b" \t\r\n\x00\xef\xbb\xbf"
OBJECT = re.compile(rb"(?:^|[\r\n\x00 ])\d{1,10} \d{1,5} obj\b")
HEADER = re.compile(rb"(?:^|[\r\n])%PDF-\d")
TRAILER = re.compile(rb"startxref\s+\d+\s|%%EOF|[\r\n]trailer\b")
OTHERS = (
    b"{",
    b"[",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\xd0\xcf\x11\xe0",
    b"SQLite format 3",
    b"PAR1",
    b"MZ",
    b"\x7fELF",
)
TAR = 257, b"ustar"
WEB = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<script", b"<!--", b"<svg")


def is_pdf(path: Path) -> bool:
    """Whether the file is a PDF, whole or damaged."""
    with path.open("rb") as file:
        head = file.read(WITHIN_BYTES + len(MAGIC))
        start = head.lstrip(BLANKS)
        if start.startswith(MAGIC):
            return True
        if start.startswith(OTHERS) or is_web(head) or _is_tar(head):
            return False
        beginning = head + file.read(BEGINNING_BYTES - len(head))
        if not OBJECT.search(beginning):
            return False
        file.seek(max(0, path.stat().st_size - END_BYTES))
        return HEADER.search(beginning) is not None or MAGIC in head or TRAILER.search(file.read()) is not None


def is_web(head: bytes) -> bool:
    """Whether the file begins like HTML or XML."""
    return head.lstrip(BLANKS).lower().startswith(WEB)


def head_of(path: Path) -> bytes:
    """The first bytes, by which the format of a file is recognised."""
    with path.open("rb") as file:
        return file.read(WITHIN_BYTES)


def _is_tar(head: bytes) -> bool:
    start, mark = TAR
    return head[start : start + len(mark)] == mark
