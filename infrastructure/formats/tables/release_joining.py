"""Joins the entries of the spool that are parts of one release."""

from collections.abc import Iterable, Iterator, Mapping

import orjson

from domain.raw_records.record import SourceLocation, refused
from domain.tables.flat_rows import RowMerger
from infrastructure.formats.tables.cell_notes import merge_fields
from infrastructure.formats.tables.release_groups import LOOSE, PROCESS
from infrastructure.formats.tables.rows import REFUSED, SpoolEntry


class Group:
    """The parts of one release. `alike` maps the tables of an archive to their columns: conflicting parts from tables
    with the same columns are versions of the release, not sheets of one.
    """

    def __init__(self, alike: Mapping[str, str] | None = None) -> None:
        self.alike = alike or {}
        self.parts: list[SpoolEntry] = []
        self.refused: list[SpoolEntry] = []
        self.bytes = 0
        self.too_large = False

    def add(self, entry: SpoolEntry, longest: int) -> None:
        """Add a part; a release above `longest` bytes is refused and its further parts are dropped."""
        if entry.kind == REFUSED:
            self.refused.append(entry)
            return
        self.bytes += len(entry.raw)
        if self.bytes > longest:
            self.too_large = True
            self.refused = self.refused or [
                _refuse(entry, "too_large", f"the rows of its release have more than {longest} bytes")
            ]
        else:
            self.parts.append(entry)

    def joined(self) -> Iterator[SpoolEntry]:
        """The joined release, its versions, or its refusals."""
        conflict = None
        if not self.refused:
            release, conflict = self._merged()
            if conflict is None:
                yield release
                return
        versions = self._versions()
        if versions:
            for version in versions:
                yield from version.joined()
        else:
            yield from self.refused or filter(None, [conflict])

    def _merged(self) -> tuple[SpoolEntry, SpoolEntry | None]:
        """(the release, None), or (its first part, the refusal of the first conflicting part)."""
        first, *others = self.parts
        if not others:
            return first, None
        release, merger = orjson.loads(first.raw), RowMerger()
        for other in others:
            conflict = merger.merge(release, orjson.loads(other.raw))
            if conflict:
                reason = (
                    f"{conflict}: it conflicts with row {first.line} of {first.sheet} or a later row of the "
                    "release; the release is left out"
                )
                return first, _refuse(other, "contradicting_rows", reason, conflict)
        package = next((part.package for part in self.parts if part.package), b"")
        notes = merge_fields(*(part.notes for part in self.parts))
        return first._replace(raw=orjson.dumps(release), package=package, notes=notes), None

    def _versions(self) -> list["Group"]:
        """The parts by table, if these tables are versions of each other; else empty."""
        groups: dict[str, Group] = {}
        for entry in (*self.parts, *self.refused):
            groups.setdefault(entry.sheet, Group())
            (groups[entry.sheet].refused if entry.kind == REFUSED else groups[entry.sheet].parts).append(entry)
        columns = {self.alike.get(sheet, sheet) for sheet in groups}
        return list(groups.values()) if len(groups) > 1 and len(columns) == 1 and not self.too_large else []


def joined(entries: Iterable[SpoolEntry], longest: int, alike: Mapping[str, str]) -> Iterator[SpoolEntry]:
    """Each group as one entry, in the order of their first parts; `entries` must have all parts of each process."""
    groups: dict[str, Group] = {}
    processes: dict[str, list[str]] = {}
    unassigned: list[SpoolEntry] = []
    for entry in entries:
        if not entry.group:
            yield entry
        elif entry.group.endswith(LOOSE):
            unassigned.append(entry)
        else:
            if entry.group not in groups:
                groups[entry.group] = Group(alike)
                processes.setdefault(entry.group[:PROCESS], []).append(entry.group)
            groups[entry.group].add(entry, longest)
    for entry in unassigned:
        known = processes.get(entry.group[:PROCESS], [])
        if len(known) > 1 and entry.kind == REFUSED:
            yield entry
        elif len(known) > 1:
            yield _refuse(
                entry, "ambiguous_row", f"it has no release id, and its process has {len(known)} releases in the file"
            )
        else:
            groups.setdefault(known[0] if known else entry.group, Group(alike)).add(entry, longest)
    for group in groups.values():
        yield from group.joined()


def _refuse(entry: SpoolEntry, code: str, reason: str, path: str = "") -> SpoolEntry:
    place = SourceLocation(file=entry.sheet, line=entry.line, offset=entry.offset)
    refusal = refused(place, code, f"row {entry.line}: {reason}", entry.raw, path, orjson.loads(entry.raw).get("ocid"))
    return entry._replace(kind=REFUSED, package=b"", raw=refusal.model_dump_json().encode())
