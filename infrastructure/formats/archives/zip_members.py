"""Members of zip archives. The size of the directory is checked before the standard library loads it into memory, once.

An index on disk replaces the directory afterwards, so that a slice of a large archive costs one seek.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from domain.shared.errors import InvalidError, reason_of
from infrastructure.formats.archives.member import (
    CHUNK_BYTES,
    DamagedMemberError,
    Member,
    is_file_manager_file,
    shown,
    why_unsafe,
)
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.durable_files import write_atomically

LOCAL = b"PK\x03\x04"
MAGICS = (LOCAL, b"PK\x05\x06")
END, END64 = b"PK\x05\x06", b"PK\x06\x06"
END_SIZE, COMMENT, LOCATOR_SIZE, HEADER_SIZE = 22, 1 << 16, 20, 30
DIRECTORY_MAX_BYTES = 64 << 20  # an entry takes about a hundred
ENCRYPTED, UNUSUAL, UTF8_NAME = 0x1, 0x60, 0x800  # flags
COUNT = struct.Struct("<Q")
FIELDS = ("orig_filename", "header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits")
LINK = 0o120000
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, RuntimeError, ValueError)


class ZipMembers:
    """The files of a zip archive in order of their offsets."""

    def __init__(self, file: BinaryIO, index: BinaryIO) -> None:
        self.file = file
        self.index = index
        self.count = COUNT.unpack(index.read(COUNT.size))[0]

    def members(self, start: int) -> Iterator[Member]:
        """Yield members from the entry number `start` on."""
        if start >= self.count:
            return
        self.index.seek(COUNT.size * (1 + start))
        self.index.seek(COUNT.unpack(self.index.read(COUNT.size))[0])
        for at in range(start, self.count):
            refusal, passed, *fields = orjson.loads(self.index.readline())
            info = _info(fields)
            yield Member(at, shown(info.filename), self._spent(info), self._reader(info), refusal, passed)

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
        return lambda: self._chunks(info)

    def _spent(self, info: zipfile.ZipInfo) -> Callable[[], int]:
        return lambda: self.file.tell() - info.header_offset

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            self.file.seek(info.header_offset)
            header = self.file.read(HEADER_SIZE)
            if not header.startswith(LOCAL):
                raise zipfile.BadZipFile("no member at the offset that the directory gives")
            name, extra = struct.unpack_from("<HH", header, 26)
            name_in_header = self.file.read(name).decode("utf-8" if info.flag_bits & UTF8_NAME else "cp437")
            if name_in_header != info.orig_filename:
                raise zipfile.BadZipFile(f"its own header names it {shown(name_in_header)!r}")
            self.file.seek(extra, 1)
            with zipfile.ZipExtFile(self.file, "r", info) as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except DAMAGE as error:
            raise DamagedMemberError(f"it is damaged: {reason_of(error)}") from error


@contextmanager
def opened(path: Path, index: Path) -> Iterator[ZipMembers]:
    """Open the archive with its index, made if missing. InvalidError if the directory is damaged or too large."""
    if not index.exists():
        write_atomically(index, _indexed(path), durable=False)
    with path.open("rb") as file, index.open("rb") as lines:
        yield ZipMembers(file, lines)


def _indexed(path: Path) -> Iterator[bytes]:
    """Yield the index: the number of entries, the offset of each line, and one line of JSON per member, by offset."""
    lines = list(_lines(path))
    at = COUNT.size * (1 + len(lines))
    offsets = accumulate(map(len, lines), initial=at)
    yield b"".join(map(COUNT.pack, [len(lines), *offsets][: len(lines) + 1]))
    yield b"".join(lines)


def _lines(path: Path) -> Iterator[bytes]:
    end = 0
    for info in _directory(path):
        checkpoint()
        overlaps = info.header_offset < end
        end = max(end, info.header_offset + HEADER_SIZE + _name_size(info) + info.compress_size)
        passed = (info.filename.endswith("/") and not info.file_size) or is_file_manager_file(info.filename)
        refusal = "it overlaps another member, as in a decompression bomb" if overlaps else _refusal(info)
        fields = [getattr(info, name) for name in FIELDS]
        yield orjson.dumps([refusal, passed, *fields]) + b"\n"


def _directory(path: Path) -> list[zipfile.ZipInfo]:
    size = directory_size(path)
    if size is None:
        raise InvalidError("the zip archive is truncated or damaged: the directory at its end is missing")
    if size > DIRECTORY_MAX_BYTES:
        raise InvalidError(f"the zip archive's directory has {size} bytes; the limit is {DIRECTORY_MAX_BYTES}")
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(archive.infolist(), key=lambda info: info.header_offset)
    except DAMAGE as error:
        raise InvalidError(f"the zip archive is damaged: {reason_of(error)}") from error


def directory_size(path: Path) -> int | None:
    """Return the size of the archive's directory in bytes; None without a directory."""
    return _announced(path, (12, "<L", 0xFFFFFFFF), 40)


def entries(path: Path) -> int:
    """Return the number of members by the archive's end record; 0 if it has none and they must be counted."""
    return _announced(path, (10, "<H", 0xFFFF), 32) or 0


def _announced(path: Path, short: tuple[int, str, int], long: int) -> int | None:
    """Return a number of the end record: `short` is (offset, format, value that refers to the zip64 record), `long` the
    offset in the zip64 record. None without an end record."""
    offset, form, elsewhere = short
    with path.open("rb") as file:
        size = file.seek(0, 2)
        begin = max(0, size - END_SIZE - COMMENT)
        file.seek(begin)
        tail = file.read()
        found = tail.rfind(END)
        if found < 0 or len(tail) - found < END_SIZE:
            return None
        announced = int(struct.unpack_from(form, tail, found + offset)[0])
        if announced != elsewhere:
            return announced
        file.seek(max(0, begin + found - LOCATOR_SIZE - 56))
        record = file.read(56)
    return int(struct.unpack_from("<Q", record, long)[0]) if record.startswith(END64) else None


def _info(fields: list[Any]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(fields[0])
    for name, value in zip(FIELDS[1:], fields[1:], strict=True):
        setattr(info, name, value)
    return info


def _name_size(info: zipfile.ZipInfo) -> int:
    """Return the length of the name in bytes; without the UTF-8 flag it is code page 437, one byte per letter."""
    return len(info.orig_filename.encode()) if info.flag_bits & UTF8_NAME else len(info.orig_filename)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    if info.filename.endswith("/"):
        return f"its name is a folder's, but it has {info.file_size} bytes"
    if info.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if (info.external_attr >> 16) & 0o170000 == LINK:
        return "it is a link"
    if info.flag_bits & UNUSUAL:
        return "it is encrypted or compressed in an unsupported way"
    if info.compress_type not in METHODS:
        return f"it uses compression method {info.compress_type}; only stored and deflated are read"
    return why_unsafe(info.orig_filename) or why_unsafe(info.filename)
