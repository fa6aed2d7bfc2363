"""Columns that are left out of a table because their headings can't be used: each is refused once, with how many cells it has."""

from collections.abc import Iterator, Mapping

from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, refusal


class UnusableColumns:
    """Counts the cells of these columns that are not blank; `reasons` are those of the columns."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        self.reasons = reasons
        self.counts = dict.fromkeys(reasons, 0)
        self.first: dict[int, TableRow] = {}

    def see(self, row: TableRow) -> None:
        """A row of the table."""
        for column in self.reasons:
            if column < len(row.cells) and row.cells[column].strip():
                self.counts[column] += 1
                self.first.setdefault(column, row)

    def entries(self, sheet: Sheet) -> Iterator[SpoolEntry]:
        """A refusal for each column that holds anything."""
        for column, row in sorted(self.first.items()):
            count = self.counts[column]
            cells = f"{count} cells of it are not blank, this is the first" if count > 1 else "1 cell of it is not blank"
            yield refusal(sheet, row, RowProblem("column_left_out", f"the column is left out: {self.reasons[column]}; {cells}", column))
