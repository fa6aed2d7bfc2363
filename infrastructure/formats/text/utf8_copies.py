"""Copies of uploads in the spool, written once: unpacked if compressed, UTF-8 if in another encoding."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.compressed import packing, unpacked
from infrastructure.formats.text.encodings import UTF8, EncodingDetector, as_utf8
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.disk_space import disk_full_as_error
from infrastructure.system.durable_files import write_atomically

CHUNK_BYTES = 1 << 20
# Text per packed byte. JSON compresses to a tenth, one record repeated to a four-hundredth; more is a bomb.
MAX_UNPACK_RATIO = 500
UNLIMITED_BYTES = 64 * CHUNK_BYTES  # this little text is never a bomb


def unpack(raw: Path, spool: Path, limit: int) -> Path:
    """Return the file itself if it is not compressed, else its unpacked copy at `spool` (written once, by rename).

    A truncated file is unpacked as far as possible; `missing(spool)` gives the reason. TooLargeError above `limit`
    bytes or the ratio.
    """
    if spool.exists():
        return spool
    if packing(raw) is None:
        return raw
    broken: list[str] = []
    with disk_full_as_error():
        with raw.open("rb") as file:
            write_atomically(spool, limited(unpacked(file, broken), file.tell, limit), durable=False)
        if broken and not spool.stat().st_size:
            forget(spool)
            raise InvalidError(f"{broken[0]}; nothing in it can be read")
        if broken:
            _note(spool).write_text(broken[0], encoding="utf-8")
    return spool


def as_text(path: Path, spool: Path) -> Path:
    """Return the file itself if it is UTF-8, else its UTF-8 copy at `spool` (written once, by rename)."""
    if spool.exists():
        return spool
    detector = EncodingDetector()
    for chunk in _chunks(path):
        detector.feed(chunk)
        if detector.announced:
            break
    if detector.encoding == UTF8:
        return path
    with disk_full_as_error():
        write_atomically(spool, as_utf8(_chunks(path), detector.encoding), durable=False)
    return spool


def missing(spool: Path) -> str | None:
    """Return what is missing in the file unpacked to `spool`; None for a complete file."""
    note = _note(spool)
    return note.read_text(encoding="utf-8") if note.exists() else None


def forget(spool: Path) -> None:
    """Remove the copy and the note on what it lacks."""
    spool.unlink(missing_ok=True)
    _note(spool).unlink(missing_ok=True)


def limited(chunks: Iterable[bytes], packed: Callable[[], int], limit: int) -> Iterator[bytes]:
    """Yield the chunks; TooLargeError above `limit` bytes, or above MAX_UNPACK_RATIO times the `packed` bytes read so
    far.

    Checking against the bytes read so far stops a bomb early, before it fills the disk.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLargeError(f"unpacked, the file is larger than {limit} bytes")
        if size > max(packed() * MAX_UNPACK_RATIO, UNLIMITED_BYTES):
            raise TooLargeError(f"the file unpacks to more than {MAX_UNPACK_RATIO} times its size, the limit")
        yield chunk


def _note(spool: Path) -> Path:
    return spool.with_name(f"{spool.name}.missing")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            checkpoint()
            yield chunk
