"""The spool of a table: one record as JSON per line, so that reading a slice begins with one seek.

Rows of one release that are not consecutive, or in several sheets, are joined here, in bounded memory.
"""

import secrets
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
from infrastructure.formats.text.utf8_copies import UNLIMITED_BYTES
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.disk_space import disk_full_as_error
from infrastructure.system.durable_files import write_atomically
from services.ports.sources import Element, Slice

MAX_GROWTH_FACTOR = 60  # size of the JSON in multiples of the table: each cell adds the names of its path
BUCKETS = 256
BUCKET_MAX_BYTES = 32 << 20  # of the spool that are joined in memory at once


def build(
    target: Path,
    entries: Iterable[SpoolEntry],
    size: int,
    most: int,
    longest: int,
    alike: Mapping[str, str] | None = None,
) -> None:
    """Write the spool and rename it to `target`; for `alike` see release_joining.py.

    TooLargeError above `most` bytes, or above MAX_GROWTH_FACTOR times `size`, the bytes of the table.
    """
    # Two workers may read the same file for two jobs: each uses its own file names until it is done.
    own = f"{target.name}.{secrets.token_hex(8)}"
    groups, ungrouped = Groups(target.with_name(f"{own}.groups")), target.with_name(f"{own}.apart")
    buckets = [target.with_name(f"{own}.bucket-{number}") for number in range(BUCKETS)]
    try:
        with disk_full_as_error():
            lines = _limited(groups.watch(entries), max(size * MAX_GROWTH_FACTOR, UNLIMITED_BYTES), most)
            write_atomically(ungrouped, lines, durable=False)
            if groups.need_joining():
                needed = buckets[: ungrouped.stat().st_size // BUCKET_MAX_BYTES + 1]
                write_atomically(target, _joined_lines(ungrouped, needed, longest, alike or {}), durable=False)
            else:
                ungrouped.replace(target)
    finally:
        ungrouped.unlink(missing_ok=True)
        groups.close()
        for bucket in buckets:
            bucket.unlink(missing_ok=True)


def read(spool: Path, offset: int, limit: int) -> Slice:
    """The next `limit` records from a byte offset of the spool on; the slice's position is {"at": next offset}."""
    slice_builder = SliceBuilder("", limit)
    with spool.open("rb") as file:
        file.seek(offset)
        while not slice_builder.full:
            line = file.readline()
            if not line:
                return slice_builder.build(None)
            offset += len(line)
            _keep(slice_builder, parse(line))
        return slice_builder.build({"at": offset} if file.read(1) else None)


def line_of(entry: SpoolEntry) -> bytes:
    """The entry as a line with tabs between fields, which JSON does not contain."""
    fields = (
        entry.kind,
        orjson.dumps(entry.sheet).decode(),
        str(entry.line),
        "" if entry.offset is None else str(entry.offset),
        entry.path,
        entry.group,
    )
    return b"\t".join(("\t".join(fields).encode("utf-8", "replace"), entry.package, entry.raw, entry.notes)) + b"\n"


def parse(line: bytes) -> SpoolEntry:
    """The entry of a line."""
    kind, sheet, number, offset, path, group, *rest = line.rstrip(b"\n").split(b"\t")
    return SpoolEntry(
        kind.decode(),
        orjson.loads(sheet),
        int(number),
        int(offset) if offset else None,
        path.decode(),
        group.decode(),
        *rest,
    )


def _keep(slice_builder: SliceBuilder, entry: SpoolEntry) -> None:
    if entry.kind == REFUSED:
        slice_builder.refused.append(RefusedElement.model_validate_json(entry.raw))
        return
    place = SourceLocation(file=entry.sheet, line=entry.line, offset=entry.offset, path=entry.path)
    package: dict[str, Any] | None = orjson.loads(entry.package) if entry.package else None
    slice_builder.elements.append(Element(entry.raw, place, package, Kind(entry.kind), notes=notes(entry.notes)))
    slice_builder.bytes += len(entry.raw)


def _limited(entries: Iterable[SpoolEntry], growth: int, most: int) -> Iterator[bytes]:
    size = 0
    for entry in entries:
        line = line_of(entry)
        size += len(line)
        if size > min(growth, most):
            raise TooLargeError(
                f"the table's records have more than {min(growth, most)} bytes of JSON, far more than real tables"
            )
        yield line


def _joined_lines(ungrouped: Path, buckets: Sequence[Path], longest: int, alike: Mapping[str, str]) -> Iterator[bytes]:
    """All entries, grouped by process, with the parts of each release joined."""
    _distribute(ungrouped, buckets)
    for bucket in buckets:
        with bucket.open("rb") as file:
            yield from map(line_of, joined(map(parse, file), longest, alike))
        bucket.unlink()


def _distribute(ungrouped: Path, buckets: Sequence[Path]) -> None:
    files: list[IO[bytes]] = []
    try:
        files += [bucket.open("wb") for bucket in buckets]
        with ungrouped.open("rb") as source:
            for line in source:
                checkpoint()
                files[zlib.crc32(line.split(b"\t", 6)[5][:PROCESS]) % len(files)].write(line)
    finally:
        for file in files:
            file.close()
