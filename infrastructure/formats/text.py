"""Uploads as plain UTF-8: gzip and other encodings are written once, streamed, to a spool file beside the raw one."""

import codecs
import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.errors import InvalidError, TooLargeError

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
RATIO = 200  # more text than this for each byte is a bomb; JSON compresses to a tenth, extreme repetition to a fiftieth


def plain(raw: Path, spool: Path, limit: int) -> Path:
    """The file itself where it is plain UTF-8, else its UTF-8 copy at `spool` (made once, by rename).

    A file with bytes that are no UTF-8 is ISO-8859-1, unless it also has letters that are proper UTF-8: then its bad lines are left
    to be refused one by one. A gzip that breaks off is read as far as it goes. TooLargeError past `limit` bytes of text.
    """
    if spool.exists():
        return spool
    with raw.open("rb") as file:
        packed = file.read(2) == GZIP
    encoding = _encoding(raw, packed)
    if encoding == "utf-8" and not packed:
        return raw
    spool.parent.mkdir(parents=True, exist_ok=True)
    partial = spool.with_suffix(f".{os.getpid()}.tmp")
    try:
        with partial.open("wb") as out:
            for chunk in _limited(_decoded(raw, packed, encoding), raw, limit):
                out.write(chunk)
        partial.replace(spool)
    finally:
        partial.unlink(missing_ok=True)
    return spool


def _limited(chunks: Iterator[bytes], raw: Path, limit: int) -> Iterator[bytes]:
    size, most = 0, max(raw.stat().st_size * RATIO, 64 * CHUNK)
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLargeError(f"unpacked, the file is larger than {limit} bytes")
        if size > most:
            raise TooLargeError(f"the file unpacks to more than {RATIO} times its size, which real data does not")
        yield chunk


def _chunks(raw: Path, packed: bool) -> Iterator[bytes]:
    with raw.open("rb") as file:
        source: BinaryIO = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
        try:
            while chunk := source.read(CHUNK):
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            if file.tell() <= 18:
                raise InvalidError(f"the gzip file is damaged from its beginning: {error}") from error
            # What was read so far stands; the element that it breaks off in is refused by the reader.


def _encoding(raw: Path, packed: bool) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    bad = good = 0
    for index, chunk in enumerate(_chunks(raw, packed)):
        if index == 0 and (found := _announced(chunk)):
            return found
        if chunk.isascii():
            continue
        text = decoder.decode(chunk)
        replaced = text.count("�")
        bad += replaced
        good += sum(1 for _ in _foreign(text)) - replaced if bad else 1
    return "iso-8859-1" if bad and not good else "utf-8"


def _foreign(text: str) -> Iterator[str]:
    return (letter for letter in text if letter > "\x7f")


def _announced(head: bytes) -> str | None:
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    if len(head) >= 4 and head[0] == 0 and head[1] != 0:
        return "utf-16-be"
    if len(head) >= 4 and head[1] == 0 and head[0] != 0:
        return "utf-16-le"
    return None


def _decoded(raw: Path, packed: bool, encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from _chunks(raw, packed)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in _chunks(raw, packed):
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
