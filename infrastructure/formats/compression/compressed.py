"""Decompresses gzip, bzip2 and xz files in chunks; the content before damage is kept."""

import bz2
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from domain.shared.errors import reason_of
from infrastructure.formats.compression import gzip_stream
from infrastructure.formats.compression.gzip_stream import CHUNK_BYTES, READ_BYTES, DamagedStreamError

XZ_MEMORY_BYTES = 256 << 20  # upper bound for decompressing an xz file
KINDS: dict[bytes, tuple[str, Callable[[], Any] | None]] = {
    gzip_stream.MAGIC: ("gzip", None),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES)),
}


def packing(path: Path) -> bytes | None:
    """Magic bytes of the compression format; None if the file is not compressed."""
    with path.open("rb") as file:
        return _magic(file)


def unpacked(file: BinaryIO, broken: list[str]) -> Iterator[bytes]:
    """Yield the content in chunks of at most CHUNK_BYTES; the reason of a damage is appended to `broken`."""
    name, maker = KINDS[_magic(file) or gzip_stream.MAGIC]
    try:
        yield from gzip_stream.unpacked(file) if maker is None else _streams(file, name, maker)
    except DamagedStreamError as error:
        broken.append(str(error))


def _magic(file: BinaryIO) -> bytes | None:
    head = file.read(6)
    file.seek(0)
    return next((magic for magic in KINDS if head.startswith(magic)), None)


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
