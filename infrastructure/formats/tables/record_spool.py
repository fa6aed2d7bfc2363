"""The spool of a table: records as JSON, one a line, behind a line that names the sheets; so a slice begins anywhere at the cost of a seek.

Rows of one release that stand apart, or in several sheets, are brought together here, in bounded memory.
"""

import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from domain.raw_records.record import Kind, RefusedElement, SourceLocation
from domain.shared.errors import TooLargeError
from infrastructure.formats.slice_builder import SliceBuilder
from infrastructure.formats.tables.cell_notes import notes
from infrastructure.formats.tables.release_groups import PROCESS, Groups
from infrastructure.formats.tables.release_joining import joined
from infrastructure.formats.tables.rows import REFUSED, SpoolEntry
from infrastructure.formats.text.utf8_copies import UNLIMITED_BYTES, write
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.disk_space import disk_full_as_error
from services.ports.sources import Element, Slice

MAX_GROWTH_FACTOR = 60  # times the table's own size that its JSON may have: each cell brings the names of its path
BUCKETS = 256
BUCKET_MAX_BYTES = 32 << 20  # bytes of the spool that are brought together at a time


def build(target: Path, entries: Iterable[SpoolEntry], size: int, most: int, longest: int, alike: Mapping[str, str] | None = None) -> None:
    """Write the spool, by rename; `alike` see joining.py. TooLargeError where it grows to more than `most` bytes or what a table of `size` bytes can mean."""
    # Two workers may read the same file for two jobs: each works under names of its own until it is done.
    own = f"{target.name}.{os.getpid()}-{threading.get_ident()}"
    groups, apart = Groups(target.with_name(f"{own}.groups")), target.with_name(f"{own}.apart")
    buckets = [target.with_name(f"{own}.bucket-{number}") for number in range(BUCKETS)]
    try:
        with disk_full_as_error():
            write(_limited(groups.watch(entries), max(size * MAX_GROWTH_FACTOR, UNLIMITED_BYTES), most), apart)
            if groups.stand_apart():
                write(_together(apart, buckets[: apart.stat().st_size // BUCKET_MAX_BYTES + 1], longest, alike or {}), target)
            else:
                apart.replace(target)
    finally:
        apart.unlink(missing_ok=True)
        groups.close()
        for bucket in buckets:
            bucket.unlink(missing_ok=True)


def read(spool: Path, offset: int, limit: int) -> Slice:
    """The next records, from a byte of the spool on; the slice's position is {"at": the next byte}."""
    stretch = SliceBuilder("", limit)
    with spool.open("rb") as file:
        file.seek(offset)
        while not stretch.full:
            line = file.readline()
            if not line:
                return stretch.build(None)
            offset += len(line)
            _keep(stretch, parse(line))
        return stretch.build({"at": offset} if file.read(1) else None)


def line_of(entry: SpoolEntry) -> bytes:
    """The entry as a line; JSON has no tabs or line breaks of its own."""
    fields = (entry.kind, orjson.dumps(entry.sheet).decode(), str(entry.line), "" if entry.offset is None else str(entry.offset), entry.path, entry.group)
    return b"\t".join(("\t".join(fields).encode("utf-8", "replace"), entry.package, entry.raw, entry.notes)) + b"\n"


def parse(line: bytes) -> SpoolEntry:
    """The line as an entry."""
    kind, sheet, number, offset, path, group, *rest = line.rstrip(b"\n").split(b"\t")
    return SpoolEntry(kind.decode(), orjson.loads(sheet), int(number), int(offset) if offset else None, path.decode(), group.decode(), *rest)


def _keep(stretch: SliceBuilder, entry: SpoolEntry) -> None:
    if entry.kind == REFUSED:
        stretch.refused.append(RefusedElement.model_validate_json(entry.raw))
        return
    place = SourceLocation(file=entry.sheet, line=entry.line, offset=entry.offset, path=entry.path)
    package: dict[str, Any] | None = orjson.loads(entry.package) if entry.package else None
    stretch.elements.append(Element(entry.raw, place, package, Kind(entry.kind), notes=notes(entry.notes)))
    stretch.bytes += len(entry.raw)


def _limited(entries: Iterable[SpoolEntry], growth: int, most: int) -> Iterator[bytes]:
    size = 0
    for entry in entries:
        line = line_of(entry)
        size += len(line)
        if size > min(growth, most):
            raise TooLargeError(f"the table's records have more than {min(growth, most)} bytes of JSON, which real tables do not")
        yield line


def _together(apart: Path, buckets: Sequence[Path], longest: int, alike: Mapping[str, str]) -> Iterator[bytes]:
    """All entries again, those of one process side by side and those of one release as one."""
    _deal(apart, buckets)
    for bucket in buckets:
        with bucket.open("rb") as file:
            yield from map(line_of, joined(map(parse, file), longest, alike))
        bucket.unlink()


def _deal(apart: Path, buckets: Sequence[Path]) -> None:
    files: list[IO[bytes]] = []
    try:
        files += [bucket.open("wb") for bucket in buckets]
        with apart.open("rb") as source:
            for line in source:
                checkpoint()
                files[zlib.crc32(line.split(b"\t", 6)[5][:PROCESS]) % len(files)].write(line)
    finally:
        for file in files:
            file.close()
