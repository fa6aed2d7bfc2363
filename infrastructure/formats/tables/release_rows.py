"""Merges consecutive rows of one release."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from domain.raw_records.record import Kind
from domain.tables.flat_rows import RowMerger
from infrastructure.formats.tables.cell_notes import CellNote, packed
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, refusal

LEFT_OUT = "the release is left out with all its rows"


class ReleaseRows:
    """The rows of the release `key`: (ocid, release id, date if there is no id). `longest` is the limit of its cells in
    bytes.
    """

    def __init__(self, sheet: Sheet, longest: int, key: tuple[str, str, str] | None = None, group: str = "") -> None:
        self.sheet = sheet
        self.longest = longest
        self.key = key
        self.group = group
        self.first: TableRow | None = None
        self.release: dict[str, Any] = {}
        self.merger = RowMerger()
        self.bytes = 0
        self.refused: list[SpoolEntry] = []
        self.notes: list[CellNote] = []

    def add(
        self, row: TableRow, part: dict[str, Any] | None, problem: RowProblem | None, notes: Sequence[CellNote]
    ) -> None:
        """Add a row; after a refused row, the others are checked but not merged."""
        if self.first is not None:  # a single row is within the limit
            self.bytes += sum(map(len, row.cells))
        if problem is None and self.bytes > self.longest:
            problem = (
                RowProblem("too_large", f"the rows of its release have more than {self.longest} bytes")
                if not self.refused
                else None
            )
        elif problem is None and part is not None and not self.refused:
            problem = self._merge(row, part)
            self.notes += notes
        if problem is not None:
            self.release = {}
            self.refused.append(
                refusal(
                    self.sheet,
                    row,
                    problem._replace(reason=f"{problem.reason}; {LEFT_OUT}"),
                    self.group,
                    self.key[0] if self.key else None,
                )
            )

    def entries(self, constants: dict[str, Any], package: bytes) -> Iterator[SpoolEntry]:
        """The release with these constant fields and package metadata, or its refusals."""
        if self.refused or self.first is None:
            yield from self.refused
            return
        release = constants | self.release if constants else self.release
        line, offset = self.first.line, self.first.offset
        yield SpoolEntry(
            Kind.RELEASES,
            self.sheet.name,
            line,
            offset,
            "",
            self.group,
            package,
            orjson.dumps(release),
            packed(self.notes),
        )

    def _merge(self, row: TableRow, part: dict[str, Any]) -> RowProblem | None:
        if self.first is None:
            self.first, self.release = row, part
            return None
        conflict = self.merger.merge(self.release, part)
        return (
            RowProblem(
                "contradicting_rows", f"{conflict}: it conflicts with an earlier row of the release", path=conflict
            )
            if conflict
            else None
        )
