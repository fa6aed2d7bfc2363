"""Gzip unpacked piece by piece, so that what stands before damage is kept (the standard library's reader drops up to a buffer of it)."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from domain.shared.errors import reason_of

MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 20  # bytes of content
READ_BYTES = 1 << 16  # bytes of the file
GZIP = 31  # zlib's word for a window of 15 bits in a gzip wrapper


class BrokenGzipError(Exception):
    """Raised behind the last good piece, where the file breaks off or is damaged."""


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content of all members one after the other, at most CHUNK bytes a piece; zeros behind the last member are padding."""
    packed = file.read(READ_BYTES)
    while packed:
        member = zlib.decompressobj(GZIP)
        while not member.eof:
            try:
                piece = member.decompress(packed, CHUNK_BYTES)
            except zlib.error as error:
                raise BrokenGzipError(f"the gzip file is damaged: {reason_of(error)}") from error
            if piece:
                yield piece
            packed = member.unconsumed_tail or (b"" if member.eof else file.read(READ_BYTES))
            if not packed and not piece and not member.eof:
                raise BrokenGzipError("the gzip file breaks off in the middle")
        packed = member.unused_data if len(member.unused_data) > 1 else member.unused_data + file.read(READ_BYTES)
        packed = packed.lstrip(b"\x00") or file.read(READ_BYTES).lstrip(b"\x00")
        if packed and not packed.startswith(MAGIC[: len(packed)]):
            raise BrokenGzipError("the gzip file has something else behind its end")
