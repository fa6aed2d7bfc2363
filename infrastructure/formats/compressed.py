"""Decompresses gzip, bzip2 and xz files in chunks; the content before damage is kept.

For gzip by zlib: the standard library's gzip module loses up to a buffer of it.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from domain.shared.errors import reason_of

MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20  # of content
READ_BYTES = 1 << 16  # of the file
GZIP_WBITS = 31  # zlib's wbits for a 15-bit window in a gzip wrapper
XZ_MEMORY_BYTES = 256 << 20  # upper bound for decompressing an xz file
KINDS: dict[bytes, tuple[str, Callable[[], Any] | None]] = {
    MAGIC: ("gzip", None),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES)),
}


class DamagedStreamError(Exception):
    """Raised after the last intact chunk, where the file is truncated or damaged."""


def packing(path: Path) -> bytes | None:
    """Magic bytes of the compression format; None if the file is not compressed."""
    with path.open("rb") as file:
        return _magic(file)


def unpacked(file: BinaryIO, broken: list[str]) -> Iterator[bytes]:
    """Yield the content in chunks of at most CHUNK_BYTES; the reason of a damage is appended to `broken`."""
    name, maker = KINDS[_magic(file) or MAGIC]
    try:
        yield from _gzip(file) if maker is None else _streams(file, name, maker)
    except DamagedStreamError as error:
        broken.append(str(error))


def _magic(file: BinaryIO) -> bytes | None:
    head = file.read(6)
    file.seek(0)
    return next((magic for magic in KINDS if head.startswith(magic)), None)


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of all members in chunks of at most CHUNK_BYTES; trailing zeros are padding."""
    packed = file.read(READ_BYTES)
    while packed:
        member = zlib.decompressobj(GZIP_WBITS)
        while not member.eof:
            try:
                chunk = member.decompress(packed, CHUNK_BYTES)
            except zlib.error as error:
                raise DamagedStreamError(f"the gzip file is damaged: {reason_of(error)}") from error
            if chunk:
                yield chunk
            packed = member.unconsumed_tail or (b"" if member.eof else file.read(READ_BYTES))
            if not packed and not chunk and not member.eof:
                raise DamagedStreamError("the gzip file is truncated")
        packed = member.unused_data if len(member.unused_data) > 1 else member.unused_data + file.read(READ_BYTES)
        packed = packed.lstrip(b"\x00") or file.read(READ_BYTES).lstrip(b"\x00")
        if packed and not packed.startswith(MAGIC[: len(packed)]):
            raise DamagedStreamError("the gzip file has trailing data that is not gzip")


def _streams(file: BinaryIO, name: str, maker: Callable[[], Any]) -> Iterator[bytes]:
    packed = file.read(READ_BYTES)
    while packed.lstrip(b"\x00"):
        stream = maker()
        while not stream.eof:
            try:
                chunk = stream.decompress(packed, CHUNK_BYTES)
            except (OSError, lzma.LZMAError) as error:
                raise DamagedStreamError(f"the {name} file is damaged: {reason_of(error)}") from error
            if chunk:
                yield chunk
            packed = file.read(READ_BYTES) if stream.needs_input else b""
            if not packed and not chunk and not stream.eof:
                raise DamagedStreamError(f"the {name} file is truncated")
        packed = stream.unused_data or file.read(READ_BYTES)
