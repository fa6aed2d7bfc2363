"""Uploads unpacked, and as plain UTF-8: what is packed or in another encoding is written once, streamed, to a spool file beside the raw one."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.compression.compressed import packing, unpacked
from infrastructure.formats.text.encodings import UTF8, EncodingDetector, as_utf8
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.disk_space import disk_full_as_error

CHUNK_BYTES = 1 << 20
MAX_UNPACK_RATIO = 500  # more text than this for each byte is a bomb: JSON compresses to a tenth, one record over and over to a four-hundredth
UNLIMITED_BYTES = 64 * CHUNK_BYTES  # as little text as this is never a bomb


def unpack(raw: Path, spool: Path, limit: int) -> Path:
    """The file itself where it is not packed, else its unpacked copy at `spool` (made once, by rename).

    What breaks off is unpacked as far as it goes, and `missing(spool)` says so. TooLargeError past `limit` bytes or the ratio.
    """
    if spool.exists():
        return spool
    if packing(raw) is None:
        return raw
    broken: list[str] = []
    with disk_full_as_error():
        with raw.open("rb") as file:
            write(limited(unpacked(file, broken), file.tell, limit), spool)
        if broken and not spool.stat().st_size:
            forget(spool)
            raise InvalidError(f"{broken[0]}; nothing in it can be read")
        if broken:
            _note(spool).write_text(broken[0], encoding="utf-8")
    return spool


def as_text(path: Path, spool: Path) -> Path:
    """The file itself where it is plain UTF-8, else its UTF-8 copy at `spool` (made once, by rename)."""
    if spool.exists():
        return spool
    survey = EncodingDetector()
    for piece in _pieces(path):
        survey.feed(piece)
        if survey.announced:
            break
    if survey.encoding == UTF8:
        return path
    with disk_full_as_error():
        write(as_utf8(_pieces(path), survey.encoding), spool)
    return spool


def missing(spool: Path) -> str | None:
    """What the file that was unpacked there lacks; None where it is whole."""
    note = _note(spool)
    return note.read_text(encoding="utf-8") if note.exists() else None


def forget(spool: Path) -> None:
    """Remove the copy and what was said of it."""
    spool.unlink(missing_ok=True)
    _note(spool).unlink(missing_ok=True)


def limited(pieces: Iterable[bytes], packed: Callable[[], int], limit: int) -> Iterator[bytes]:
    """The pieces, until they are more than `limit` bytes, or more than the bytes `packed` that were read for them so far can unpack to: TooLargeError.

    So a bomb is stopped where it goes off, not once it has filled the disk with what its whole size would allow.
    """
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLargeError(f"unpacked, the file is larger than {limit} bytes")
        if size > max(packed() * MAX_UNPACK_RATIO, UNLIMITED_BYTES):
            raise TooLargeError(f"the file unpacks to more than {MAX_UNPACK_RATIO} times its size, which real data does not")
        yield piece


def write(pieces: Iterable[bytes], target: Path) -> None:
    """Write by rename; nothing is left where it fails. `sync` makes it durable, before a position that points into it is kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with partial.open("wb") as out:
            for piece in pieces:
                checkpoint()
                out.write(piece)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Have the file reach the disk."""
    with disk_full_as_error(), path.open("rb") as file:
        os.fsync(file.fileno())


def _note(spool: Path) -> Path:
    return spool.with_name(f"{spool.name}.missing")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            checkpoint()
            yield piece
