"""Decompresses gzip in chunks and keeps the content before damage; the standard library loses up to a buffer of it."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from domain.shared.errors import reason_of

MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20  # of content
READ_BYTES = 1 << 16  # of the file
GZIP_WBITS = 31  # zlib's wbits for a 15-bit window in a gzip wrapper


class DamagedStreamError(Exception):
    """Raised after the last intact chunk, where the file is truncated or damaged."""


def unpacked(file: BinaryIO) -> Iterator[bytes]:
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
