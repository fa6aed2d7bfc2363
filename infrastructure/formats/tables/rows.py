"""Rows of tables, whatever file they come from, and the entries of the spool that they become."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from domain.raw_records.record import RefusedElement, SourceLocation
from domain.tables.heading_paths import Path
from infrastructure.formats.tables.cell_notes import CellNote

REFUSED = "refused"
EXCERPT_CHARACTERS = 2_000
SHOWN_CHARACTERS = 200  # characters of a cell
REFUSALS: dict[str, str] = {
    "unreadable_row": "a row of a table with too many or too few cells, or a quote that is never closed",
    "wrong_type": "a cell that can't be read as what its heading asks for",
    "missing_ocid": "a row without an ocid belongs to no contracting process",
    "contradicting_rows": "rows of one release say different things; the release is left out with all its rows",
    "ambiguous_row": "a row without a release id, of a process with several releases in the file",
    "column_left_out": "a column whose heading is no path, or contradicts others; the rest of its rows is read",
    "ambiguous_date": "a release's date that can be read in two ways, where nothing decides which; the release is left out with all its rows",
    "unknown_field": "a row of a Meta sheet that is nothing a package says of itself",
    "unknown_sheet": "a sheet of a workbook whose headings mean nothing; the others are read",
}


class RowProblem(NamedTuple):
    """Why a row can't be read; `column` is that of the cell where it is one, `path` what rows disagree on."""

    code: str
    reason: str
    column: int | None = None
    path: str = ""


class TableRow(NamedTuple):
    """`line` is the 1-based line (CSV: the one where the row begins) or row (workbook); `offset` its first byte in the UTF-8 text.

    `nul` says that U+0000 was taken out of its cells; `before` are the cells before what makes a row unreadable.
    """

    line: int
    offset: int | None
    cells: Sequence[str]
    problem: RowProblem | None = None
    nul: bool = False
    before: Sequence[str] = ()


class DecidedRow(NamedTuple):
    """A row with its dates in ISO 8601 where they could be decided, what is noted of that, and why it can't be read."""

    row: TableRow
    remarks: Sequence[CellNote] = ()
    problem: RowProblem | None = None


class DateDecider(Protocol):
    """Decides dates such as 02/03/2024; `paths` are those of the columns of dates."""

    def decide(self, row: TableRow, paths: Mapping[int, Path]) -> DecidedRow: ...


class Sheet(NamedTuple):
    """A table: its name as people are shown it, its headings, its rows; each row that has no problem is as long as the headings.

    `orders` decides its dates; `package` is what a Meta sheet of its file says.
    """

    name: str
    headings: Sequence[str]
    rows: Iterator[TableRow]
    orders: DateDecider | None = None
    package: Mapping[str, Any] = MappingProxyType({})


class SpoolEntry(NamedTuple):
    """A line of the spool: a record as JSON, or a refusal. Entries of one `group` are parts of one release; `notes` see notes.py."""

    kind: str
    sheet: str
    line: int
    offset: int | None
    path: str
    group: str
    package: bytes
    raw: bytes
    notes: bytes = b""


class TablePlan(Protocol):
    """What is made of a table's rows; `alone` says that no other table of the file holds parts of the same releases."""

    name: str

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[SpoolEntry]: ...


def is_comment(heading: str) -> bool:
    """Whether a column is left out as its heading says: it is blank, or begins with `#`."""
    return not heading.strip() or heading.strip().startswith("#")


def refusal(sheet: Sheet, row: TableRow, problem: RowProblem, group: str = "", ocid: str | None = None) -> SpoolEntry:
    """The entry of a row that is refused; it names the column and shows the value, else the row."""
    cell = row.cells[problem.column] if problem.column is not None and problem.column < len(row.cells) else None
    heading = sheet.headings[problem.column].strip() if problem.column is not None and problem.column < len(sheet.headings) else ""
    reason = f"row {row.line}, column {heading!r}: {problem.reason}" if heading else f"row {row.line}: {problem.reason}"
    excerpt = (cell if cell is not None else ",".join(row.cells))[:EXCERPT_CHARACTERS].replace("\x00", "\\u0000")
    place = SourceLocation(file=sheet.name, line=row.line, offset=row.offset)
    refused = RefusedElement(
        place=place, code=problem.code, reason=reason[:2_000], path=heading or problem.path, excerpt=excerpt, ocid=ocid.replace("\x00", "") if ocid else None
    )
    return SpoolEntry(REFUSED, sheet.name, row.line, row.offset, "", group, b"", refused.model_dump_json().encode())
