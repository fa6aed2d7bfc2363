"""Members of zip archives. The directory is looked at before the standard library holds it all in memory."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from domain.errors import InvalidError, reason_of
from infrastructure.formats.archives.member import CHUNK, DamagedMemberError, Member, noise, shown, unsafe

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
END, END64 = b"PK\x05\x06", b"PK\x06\x06"
END_SIZE, COMMENT, LOCATOR_SIZE, HEADER_SIZE = 22, 1 << 16, 20, 30
MOST_DIRECTORY = 64 << 20  # bytes; a member takes about a hundred
ENCRYPTED, UTF8_NAME = 0x1, 0x800  # flags
LINK = 0o120000
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, NotImplementedError, RuntimeError, UnicodeDecodeError)


class ZipMembers:
    """The files of a zip archive in the order in which they lie there."""

    def __init__(self, archive: zipfile.ZipFile, file: BinaryIO) -> None:
        self.archive = archive
        self.file = file

    def members(self, start: int) -> Iterator[Member]:
        """From the `start`-th entry on; folders and what file managers leave are passed."""
        end = 0
        for index, info in enumerate(sorted(self.archive.infolist(), key=lambda one: one.header_offset)):
            overlaps = info.header_offset < end
            end = max(end, info.header_offset + HEADER_SIZE + _name_size(info) + info.compress_size)
            if index < start or (info.filename.endswith("/") and not info.file_size) or noise(info.filename):
                continue
            refusal = "it lies inside another member, as in a bomb" if overlaps else _refusal(info)
            yield Member(index, shown(info.filename), self._spent(info), self._reader(info), refusal)

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
        return lambda: self._pieces(info)

    def _spent(self, info: zipfile.ZipInfo) -> Callable[[], int]:
        return lambda: self.file.tell() - info.header_offset

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self.archive.open(info) as file:
                while piece := file.read(CHUNK):
                    yield piece
        except DAMAGE as error:
            raise DamagedMemberError(f"it is damaged: {reason_of(error)}") from error


@contextmanager
def opened(path: Path) -> Iterator[ZipMembers]:
    """The archive. InvalidError where its directory is damaged or too large to be read."""
    size = directory_size(path)
    if size is None:
        raise InvalidError("the zip archive breaks off or is damaged: the directory at its end is missing")
    if size > MOST_DIRECTORY:
        raise InvalidError(f"the zip archive's directory has {size} bytes; {MOST_DIRECTORY} are read at most")
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)  # pylint: disable=consider-using-with  # closed below
        except DAMAGE as error:
            raise InvalidError(f"the zip archive is damaged: {reason_of(error)}") from error
        with archive:
            yield ZipMembers(archive, file)


def directory_size(path: Path) -> int | None:
    """The bytes of the archive's directory; None where it has none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        begin = max(0, size - END_SIZE - COMMENT)
        file.seek(begin)
        tail = file.read()
        found = tail.rfind(END)
        if found < 0 or len(tail) - found < END_SIZE:
            return None
        directory = int(struct.unpack_from("<L", tail, found + 12)[0])
        if directory != 0xFFFFFFFF:
            return directory
        file.seek(max(0, begin + found - LOCATOR_SIZE - 56))
        record = file.read(56)
    return int(struct.unpack_from("<Q", record, 40)[0]) if record.startswith(END64) else None


def _name_size(info: zipfile.ZipInfo) -> int:
    """The bytes of its name in the archive: without the flag it is in code page 437, a byte a letter."""
    return len(info.orig_filename.encode()) if info.flag_bits & UTF8_NAME else len(info.orig_filename)


def _refusal(info: zipfile.ZipInfo) -> str | None:
    if info.filename.endswith("/"):
        return f"its name is that of a folder, but it holds {info.file_size} bytes"
    if info.flag_bits & ENCRYPTED:
        return "it is encrypted"
    if (info.external_attr >> 16) & 0o170000 == LINK:
        return "it is a link"
    if info.compress_type not in METHODS:
        return f"it is packed by method {info.compress_type}; stored and deflated members can be read"
    return unsafe(info.orig_filename) or unsafe(info.filename)
