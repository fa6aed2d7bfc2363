"""Reads dates such as 02/03/2024 in tables: other dates of the column, else of the file, decide if the day comes first.

At the first ambiguous date, the date columns of the whole file are read for that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from domain.shared.dates import DateOrder
from domain.tables.heading_paths import Path
from domain.tables.numeric_dates import NumericDate, describe_readings, numeric_date
from infrastructure.formats.tables.cell_notes import CellNote, cell_note
from infrastructure.formats.tables.rows import DecidedRow, RowProblem, TableRow

RELEASE_DATE: Path = ("date",)
ISO_SEPARATOR_AT = 4  # digits before the first hyphen of a date in ISO 8601


def looks_like_iso(cell: str) -> bool:
    """Whether a date cell looks like ISO 8601; a fast check, as most are."""
    return cell[ISO_SEPARATOR_AT : ISO_SEPARATOR_AT + 1] == "-" and cell[:ISO_SEPARATOR_AT].isdigit()


class DateProof(NamedTuple):
    """An unambiguous date and its row."""

    row: int
    text: str


class DateColumns(NamedTuple):
    """The rows of a table, and the paths of its date columns."""

    paths: Mapping[int, Path]
    rows: Iterable[TableRow]


class DateOrders:
    """The date orders of all tables of a file; `tables` reads them again."""

    def __init__(self, tables: Callable[[], Iterator[DateColumns]]) -> None:
        self.tables = tables

    def decide(self, row: TableRow, paths: Mapping[int, Path]) -> DecidedRow:
        """The row with its numeric dates in ISO 8601; a problem if the release's own date stays ambiguous."""
        cells = row.cells
        candidates = [column for column in paths if cells[column] and not looks_like_iso(cells[column])]
        read = {column: date for column in candidates if (date := numeric_date(cells[column])) is not None}
        if not read:
            return DecidedRow(row)
        written = list(cells)
        notes: list[CellNote] = []
        for column, date in read.items():
            iso, reason = self._in_iso(date, paths[column])
            if iso is not None:
                written[column] = iso
                notes.append(
                    cell_note("numeric_date", row.line, paths[column], f"{cells[column]!r} read as {iso}: {reason}")
                )
            elif paths[column] == RELEASE_DATE:
                return DecidedRow(
                    row,
                    (),
                    RowProblem(
                        "ambiguous_date", f"{cells[column]!r} is ambiguous, {describe_readings(date)}; {reason}", column
                    ),
                )
        return DecidedRow(row._replace(cells=written), tuple(notes))

    def _in_iso(self, date: NumericDate, path: Path) -> tuple[str | None, str]:
        """(the date in ISO 8601, or None if it stays ambiguous; the reason)."""
        if not date.ambiguous:
            order = date.decides
            return next(
                iter(date.readings.values())
            ), f"{order}, the other number is no month" if order else "day and month are equal"
        column = self._evidence.get((_names(path), date.separator), {})
        found, where = (column, "its column") if column else (self._of_file(date.separator), "its file")
        if len(found) == 1:
            ((order, witness),) = found.items()
            return date.readings[order], f"{order}, as {witness.text!r} in row {witness.row} of {where} is"
        if found:
            first, second = found.values()
            return (
                None,
                f"dates of {where} conflict ({first.text!r} in row {first.row}, {second.text!r} in row {second.row})",
            )
        return None, "no other date of its column or file decides; set `dates` in a profile"

    @cached_property
    def _evidence(self) -> dict[tuple[str, str], dict[DateOrder, DateProof]]:
        """(column, separator) → order → the first date that proves it."""
        found: dict[tuple[str, str], dict[DateOrder, DateProof]] = {}
        for table in self.tables():
            for row in table.rows:
                if row.problem is None:
                    _add_proofs(row, table.paths, found)
        return found

    def _of_file(self, separator: str) -> dict[DateOrder, DateProof]:
        found: dict[DateOrder, DateProof] = {}
        for (_, other), orders in self._evidence.items():
            if other == separator:
                found = orders | found
        return found


def _add_proofs(
    row: TableRow, paths: Mapping[int, Path], found: dict[tuple[str, str], dict[DateOrder, DateProof]]
) -> None:
    for column, path in paths.items():
        cell = row.cells[column]
        if not cell or looks_like_iso(cell):
            continue
        date = numeric_date(cell)
        if date is not None and date.decides is not None:
            orders = found.setdefault((_names(path), date.separator), {})
            orders.setdefault(date.decides, DateProof(row.line, cell.strip()[:40]))


def _names(path: Path) -> str:
    """The path without array indexes: `awards/0/date` and `awards/1/date` count as one column."""
    return "/".join(part for part in path if isinstance(part, str))
