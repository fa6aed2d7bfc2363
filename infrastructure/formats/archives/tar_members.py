"""Members of tar archives; a member's position is the offset of its header."""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from domain.shared.errors import reason_of
from infrastructure.formats.archives.member import (
    CHUNK_BYTES,
    DamagedMemberError,
    Member,
    is_file_manager_file,
    shown,
    why_unsafe,
)
from infrastructure.system.checkpoints import checkpoint

BLOCK = 512
# Of a member's header with its extended headers, which the standard library holds in memory.
HEADER_MAX_BYTES = 4 * CHUNK_BYTES
MAGIC, MAGIC_AT, KIND_AT, SIZE_AT, SIZE_LENGTH = b"ustar", 257, 156, 124, 12  # in a header
WITHOUT_DATA = {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE}
EXTENDED_HEADERS = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE}
EXTENDED_HEADERS |= {tarfile.SOLARIS_XHDTYPE}
DAMAGE = (tarfile.TarError, ValueError, OverflowError, EOFError, OSError)


class LimitedFile:
    """A file that refuses large reads, so that a header that announces gigabytes of name does not fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        """Read at most HEADER_MAX_BYTES."""
        if not 0 <= size <= HEADER_MAX_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self.file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class TarMembers:
    """The files of a tar archive."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def members(self, start: int) -> Iterator[Member]:
        """Yield members from the header at offset `start` on. DamagedMemberError after the last good member of a
        damaged archive."""
        self.file.seek(start)
        try:
            limited = LimitedFile(self.file)
            with tarfile.TarFile(fileobj=limited, mode="r", encoding="utf-8") as archive:
                at = start
                while (info := archive.next()) is not None:
                    following = archive.offset
                    if following <= at:
                        raise tarfile.ReadError(f"the header at {at} points backwards")
                    passed = info.isdir() or is_file_manager_file(info.name)
                    yield Member(at, shown(info.name), self.file.tell, _reader(archive, info), _refusal(info), passed)
                    at = following
                    archive.members = []  # type: ignore[attr-defined]  # it would hold them all
        except DAMAGE as error:
            raise DamagedMemberError(f"the tar archive is damaged or breaks off: {reason_of(error)}") from error
        self._check_end(at)

    def _check_end(self, at: int) -> None:
        self.file.seek(at)
        block = self.file.read(BLOCK)
        if not block or block.strip(b"\x00"):
            reason = "found neither a member nor the end of the archive"
            raise DamagedMemberError(f"the tar archive is truncated or damaged at byte {at}: {reason}")


def has_more_members(path: Path, limit: int) -> bool:
    """Whether the headers show more than `limit` members; False at a header that only full reading can follow."""
    count = at = 0
    with path.open("rb") as file:
        while count <= limit:
            checkpoint()
            file.seek(at)
            header = file.read(BLOCK)
            if len(header) < BLOCK or header[MAGIC_AT : MAGIC_AT + len(MAGIC)] != MAGIC:
                return False
            kind = header[KIND_AT : KIND_AT + 1]
            if kind == tarfile.GNUTYPE_SPARSE:
                return False
            try:
                size = (
                    0
                    if kind in WITHOUT_DATA
                    else int(header[SIZE_AT : SIZE_AT + SIZE_LENGTH].strip(b" \x00") or b"0", 8)
                )
            except ValueError:  # a size in base-256: a member of gigabytes
                return False
            count += kind not in EXTENDED_HEADERS
            at += BLOCK * (1 + -(-size // BLOCK))
    return True


@contextmanager
def opened(path: Path) -> Iterator[TarMembers]:
    """Open the archive."""
    with path.open("rb") as file:
        yield TarMembers(file)


def is_tar(path: Path) -> bool:
    """Whether the file begins with a header with the right checksum."""
    with path.open("rb") as file:
        head = file.read(BLOCK)
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _reader(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], Iterator[bytes]]:
    return lambda: _chunks(archive, info)


def _chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        file = archive.extractfile(info)
        while file is not None and (chunk := file.read(CHUNK_BYTES)):
            yield chunk
    except DAMAGE as error:
        raise DamagedMemberError(f"it is truncated: {reason_of(error)}") from error


def _refusal(info: tarfile.TarInfo) -> str | None:
    if info.issym() or info.islnk():
        return f"it is a link to {shown(info.linkname)!r}"
    if not info.isreg():
        return "it is a device, a pipe or another special file"
    if info.issparse():
        return "it is a sparse file"
    return why_unsafe(info.name)
