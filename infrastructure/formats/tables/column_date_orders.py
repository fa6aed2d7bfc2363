"""Dates such as 02/03/2024 in tables: their column decides whether the day or the month comes first, else the file does, else nobody.

The file is read once more for that, by its columns of dates alone, where the first such date is met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from domain.tables.heading_paths import Path
from domain.tables.numeric_dates import NumericDate, NumericDateOrder, describe_readings, numeric_date
from infrastructure.formats.tables.cell_notes import CellNote, cell_note
from infrastructure.formats.tables.rows import DecidedRow, RowProblem, TableRow

RELEASE_DATE: Path = ("date",)
ISO_SEPARATOR_AT = 4  # digits before the first hyphen of a date in ISO 8601


def in_iso(cell: str) -> bool:
    """Whether a cell of a date looks like one in ISO 8601: a quick look, as most do."""
    return cell[ISO_SEPARATOR_AT : ISO_SEPARATOR_AT + 1] == "-" and cell[:ISO_SEPARATOR_AT].isdigit()


class DateProof(NamedTuple):
    """A date that has one order beyond doubt, and the row where it stands."""

    row: int
    text: str


class DateColumns(NamedTuple):
    """The columns of dates of a table, with their paths, and its rows."""

    paths: Mapping[int, Path]
    rows: Iterable[TableRow]


class DateOrders:
    """The orders of all tables of a file; `tables` reads them once more."""

    def __init__(self, tables: Callable[[], Iterator[DateColumns]]) -> None:
        self.tables = tables

    def decide(self, row: TableRow, paths: Mapping[int, Path]) -> DecidedRow:
        """The row, with its numeric dates in ISO 8601."""
        cells = row.cells
        suspects = [column for column in paths if cells[column] and not in_iso(cells[column])]
        read = {column: date for column in suspects if (date := numeric_date(cells[column])) is not None}
        if not read:
            return DecidedRow(row)
        written = list(cells)
        remarks: list[CellNote] = []
        for column, date in read.items():
            iso, reason = self._in_iso(date, paths[column])
            if iso is not None:
                written[column] = iso
                remarks.append(cell_note("numeric_date", row.line, paths[column], f"{cells[column]!r} read as {iso}: {reason}"))
            elif paths[column] == RELEASE_DATE:
                return DecidedRow(
                    row, (), RowProblem("ambiguous_date", f"{cells[column]!r} can be read in two ways, {describe_readings(date)}; {reason}", column)
                )
        return DecidedRow(row._replace(cells=written), tuple(remarks))

    def _in_iso(self, date: NumericDate, path: Path) -> tuple[str | None, str]:
        """(the date in ISO 8601, or None where nothing decides it; why)."""
        if not date.ambiguous:
            order = date.decides
            return next(iter(date.readings.values())), f"{order}, the other number is no month" if order else "both numbers are the same"
        column = self._evidence.get((_names(path), date.separator), {})
        found, where = (column, "its column") if column else (self._of_file(date.separator), "its file")
        if len(found) == 1:
            ((order, witness),) = found.items()
            return date.readings[order], f"{order}, as {witness.text!r} in row {witness.row} of {where} is"
        if found:
            first, second = found.values()
            return None, f"dates of {where} contradict each other ({first.text!r} in row {first.row}, {second.text!r} in row {second.row})"
        return None, "no other date of its column or file decides; a profile can, with `dates`"

    @cached_property
    def _evidence(self) -> dict[tuple[str, str], dict[NumericDateOrder, DateProof]]:
        """(column, separator) → the orders of its dates, with the first date of each."""
        found: dict[tuple[str, str], dict[NumericDateOrder, DateProof]] = {}
        for table in self.tables():
            for row in table.rows:
                if row.problem is None:
                    _see(row, table.paths, found)
        return found

    def _of_file(self, separator: str) -> dict[NumericDateOrder, DateProof]:
        found: dict[NumericDateOrder, DateProof] = {}
        for (_, one), orders in self._evidence.items():
            if one == separator:
                found = orders | found
        return found


def _see(row: TableRow, paths: Mapping[int, Path], found: dict[tuple[str, str], dict[NumericDateOrder, DateProof]]) -> None:
    for column, path in paths.items():
        cell = row.cells[column]
        if not cell or in_iso(cell):
            continue
        date = numeric_date(cell)
        if date is not None and date.decides is not None:
            orders = found.setdefault((_names(path), date.separator), {})
            orders.setdefault(date.decides, DateProof(row.line, cell.strip()[:40]))


def _names(path: Path) -> str:
    """The path without places in arrays: `awards/0/date` and `awards/1/date` are one column."""
    return "/".join(part for part in path if isinstance(part, str))
