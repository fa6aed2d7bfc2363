"""Uploads as plain UTF-8: gzip and other encodings are written once, streamed, to a spool file beside the raw one."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from domain.errors import InvalidError, TooLargeError
from infrastructure.disk import full_disk
from infrastructure.formats.encodings import UTF8, Survey, as_utf8
from infrastructure.formats.gunzip import MAGIC, BrokenGzipError, unpacked

CHUNK = 1 << 20
RATIO = 500  # more text than this for each byte is a bomb: JSON compresses to a tenth, one record over and over to a four-hundredth
FREE = 64 * CHUNK  # as little text as this is never a bomb


def plain(raw: Path, spool: Path, limit: int) -> Path:
    """The file itself where it is plain UTF-8, else its UTF-8 copy at `spool` (made once, by rename).

    A gzip that breaks off is read as far as it goes, and `missing(spool)` says so. TooLargeError past `limit` bytes of text.
    """
    if spool.exists():
        return spool
    with raw.open("rb") as file:
        packed = file.read(2) == MAGIC
    partial = spool.with_name(f"{spool.name}.{os.getpid()}.tmp")
    other = partial.with_suffix(".tmp2")
    survey = Survey()
    try:
        with full_disk():
            if packed:
                spool.parent.mkdir(parents=True, exist_ok=True)
                _unpack(raw, partial, spool, survey, limit)
            else:
                for piece in _pieces(raw):
                    survey.feed(piece)
                    if survey.announced:
                        break
            text = partial if packed else raw
            if survey.encoding != UTF8:
                spool.parent.mkdir(parents=True, exist_ok=True)
                _write(as_utf8(_pieces(text), survey.encoding), other)
                text = other
            return text if text == raw else text.replace(spool)
    finally:
        partial.unlink(missing_ok=True)
        other.unlink(missing_ok=True)


def missing(spool: Path) -> str | None:
    """What the file that was spooled there lacks; None where it is whole."""
    note = _note(spool)
    return note.read_text(encoding="utf-8") if note.exists() else None


def forget(spool: Path) -> None:
    """Remove the copy and what was said of it."""
    spool.unlink(missing_ok=True)
    _note(spool).unlink(missing_ok=True)


def _note(spool: Path) -> Path:
    return spool.with_name(f"{spool.name}.missing")


def _unpack(raw: Path, target: Path, spool: Path, survey: Survey, limit: int) -> None:
    broken: list[str] = []
    _write(_surveyed(_limited(_unpacked(raw, broken), raw, limit), survey), target)
    if broken and not target.stat().st_size:
        raise InvalidError(f"{broken[0]}; nothing in it can be read")
    if broken:
        _note(spool).write_text(broken[0], encoding="utf-8")


def _unpacked(raw: Path, broken: list[str]) -> Iterator[bytes]:
    with raw.open("rb") as file:
        try:
            yield from unpacked(file)
        except BrokenGzipError as error:
            broken.append(str(error))


def _limited(pieces: Iterable[bytes], raw: Path, limit: int) -> Iterator[bytes]:
    size, most = 0, max(raw.stat().st_size * RATIO, FREE)
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLargeError(f"unpacked, the file is larger than {limit} bytes")
        if size > most:
            raise TooLargeError(f"the file unpacks to more than {RATIO} times its size, which real data does not")
        yield piece


def _surveyed(pieces: Iterable[bytes], survey: Survey) -> Iterator[bytes]:
    for piece in pieces:
        survey.feed(piece)
        yield piece


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _write(pieces: Iterable[bytes], target: Path) -> None:
    """Durable before it is renamed: a position may point into it from then on."""
    with target.open("wb") as out:
        for piece in pieces:
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
