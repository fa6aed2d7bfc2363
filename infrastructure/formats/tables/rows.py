"""Rows of CSV files and workbooks, and the entries of the spool that are made from them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from domain.raw_records.record import SourceLocation, refused
from domain.tables.heading_paths import Path
from infrastructure.formats.tables.cell_notes import CellNote

REFUSED = "refused"
SHOWN_CHARACTERS = 200  # of a cell
REFUSALS: dict[str, str] = {
    "unreadable_row": "a row of a table with too many or too few cells, or with a quote that is not closed",
    "wrong_type": "a cell that can't be converted to the type of its heading",
    "missing_ocid": "a row without an ocid, so that its contracting process is unknown",
    "contradicting_rows": "rows of one release with conflicting values; the release is left out with all its rows",
    "ambiguous_row": "a row without a release id, of a process with several releases in the file",
    "column_left_out": "a column whose heading is no path, or conflicts with others; the other cells of its rows are "
    "read",
    "ambiguous_date": "an ambiguous date of a release that no other date decides; the release is left out with all "
    "its rows",
    "unknown_field": "a row of a Meta sheet that is no metadata of a package",
    "unknown_sheet": "a sheet of a workbook with unknown headings; the others are read",
}


class RowProblem(NamedTuple):
    """Why a row is refused; `column` is that of the wrong cell if there is one, `path` that of conflicting values."""

    code: str
    reason: str
    column: int | None = None
    path: str = ""


class TableRow(NamedTuple):
    """`line` is the 1-based first line (CSV) or row number (workbook); `offset` is its first byte in the UTF-8 text.

    `nul` is whether U+0000 was removed from its cells; `before` has the cells before the damage of an unreadable row.
    """

    line: int
    offset: int | None
    cells: Sequence[str]
    problem: RowProblem | None = None
    nul: bool = False
    before: Sequence[str] = ()


class DecidedRow(NamedTuple):
    """A row with its decided dates in ISO 8601, the notes on them, and the problem if a date is ambiguous."""

    row: TableRow
    notes: Sequence[CellNote] = ()
    problem: RowProblem | None = None


class DateDecider(Protocol):
    """Decides dates such as 02/03/2024; `paths` has the paths of the date columns."""

    def decide(self, row: TableRow, paths: Mapping[int, Path]) -> DecidedRow: ...


class Sheet(NamedTuple):
    """A table: its name for messages, its headings and rows; each row without a problem is as long as the headings.

    `orders` decides its dates; `package` is the metadata of the file's Meta sheet.
    """

    name: str
    headings: Sequence[str]
    rows: Iterator[TableRow]
    orders: DateDecider | None = None
    package: Mapping[str, Any] = MappingProxyType({})


class SpoolEntry(NamedTuple):
    """A line of the spool: a record as JSON, or a refusal. Entries of one `group` are parts of one release.

    For the format of `notes` see cell_notes.py.
    """

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
    """Makes entries of the spool from a sheet; `alone` is whether no other table of the file has parts of its
    releases.
    """

    name: str

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[SpoolEntry]: ...


def is_comment(heading: str) -> bool:
    """Whether the column is ignored: its heading is blank or begins with `#`."""
    return not heading.strip() or heading.strip().startswith("#")


def refusal(sheet: Sheet, row: TableRow, problem: RowProblem, group: str = "", ocid: str | None = None) -> SpoolEntry:
    """The entry of a refused row; it has the column and the value of the wrong cell, else the whole row."""
    cell = row.cells[problem.column] if problem.column is not None and problem.column < len(row.cells) else None
    heading = (
        sheet.headings[problem.column].strip()
        if problem.column is not None and problem.column < len(sheet.headings)
        else ""
    )
    reason = f"row {row.line}, column {heading!r}: {problem.reason}" if heading else f"row {row.line}: {problem.reason}"
    place = SourceLocation(file=sheet.name, line=row.line, offset=row.offset)
    text = cell if cell is not None else ",".join(row.cells)
    entry = refused(place, problem.code, reason, text, heading or problem.path, ocid or None)
    return SpoolEntry(REFUSED, sheet.name, row.line, row.offset, "", group, b"", entry.model_dump_json().encode())
