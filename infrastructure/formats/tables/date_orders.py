"""Dates such as 02/03/2024 in tables: their column decides whether the day or the month comes first, else the file does, else nobody.

The file is read once more for that, by its columns of dates alone, where the first such date is met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from domain.numeric_dates import NumericDate, Order, both, numeric_date
from domain.paths import Path
from infrastructure.formats.tables.notes import Remark, remark
from infrastructure.formats.tables.rows import Decided, Problem, Row

RELEASE_DATE: Path = ("date",)
ISO_SEPARATOR_AT = 4  # digits before the first hyphen of a date in ISO 8601


def in_iso(cell: str) -> bool:
    """Whether a cell of a date looks like one in ISO 8601: a quick look, as most do."""
    return cell[ISO_SEPARATOR_AT : ISO_SEPARATOR_AT + 1] == "-" and cell[:ISO_SEPARATOR_AT].isdigit()


class Witness(NamedTuple):
    """A date that has one order beyond doubt, and the row where it stands."""

    row: int
    text: str


class DateColumns(NamedTuple):
    """The columns of dates of a table, with their paths, and its rows."""

    paths: Mapping[int, Path]
    rows: Iterable[Row]


class DateOrders:
    """The orders of all tables of a file; `tables` reads them once more."""

    def __init__(self, tables: Callable[[], Iterator[DateColumns]]) -> None:
        self.tables = tables

    def decide(self, row: Row, paths: Mapping[int, Path]) -> Decided:
        """The row, with its numeric dates in ISO 8601."""
        cells = row.cells
        suspects = [column for column in paths if cells[column] and not in_iso(cells[column])]
        read = {column: date for column in suspects if (date := numeric_date(cells[column])) is not None}
        if not read:
            return Decided(row)
        written = list(cells)
        remarks: list[Remark] = []
        for column, date in read.items():
            iso, reason = self._in_iso(date, paths[column])
            if iso is not None:
                written[column] = iso
                remarks.append(remark("numeric_date", row.line, paths[column], f"{cells[column]!r} read as {iso}: {reason}"))
            elif paths[column] == RELEASE_DATE:
                return Decided(row, (), Problem("ambiguous_date", f"{cells[column]!r} can be read in two ways, {both(date)}; {reason}", column))
        return Decided(row._replace(cells=written), tuple(remarks))

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
    def _evidence(self) -> dict[tuple[str, str], dict[Order, Witness]]:
        """(column, separator) → the orders of its dates, with the first date of each."""
        found: dict[tuple[str, str], dict[Order, Witness]] = {}
        for table in self.tables():
            for row in table.rows:
                if row.problem is None:
                    _see(row, table.paths, found)
        return found

    def _of_file(self, separator: str) -> dict[Order, Witness]:
        found: dict[Order, Witness] = {}
        for (_, one), orders in self._evidence.items():
            if one == separator:
                found = orders | found
        return found


def _see(row: Row, paths: Mapping[int, Path], found: dict[tuple[str, str], dict[Order, Witness]]) -> None:
    for column, path in paths.items():
        cell = row.cells[column]
        if not cell or in_iso(cell):
            continue
        date = numeric_date(cell)
        if date is not None and date.decides is not None:
            orders = found.setdefault((_names(path), date.separator), {})
            orders.setdefault(date.decides, Witness(row.line, cell.strip()[:40]))


def _names(path: Path) -> str:
    """The path without places in arrays: `awards/0/date` and `awards/1/date` are one column."""
    return "/".join(part for part in path if isinstance(part, str))
