"""Columns that are left out because of their headings: each is refused once, with the number of its cells."""

from collections.abc import Iterator, Mapping

from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, refusal


class UnusableColumns:
    """Counts the cells of these columns that are not blank; `reasons` is by column."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        self.reasons = reasons
        self.counts = dict.fromkeys(reasons, 0)
        self.first: dict[int, TableRow] = {}

    def see(self, row: TableRow) -> None:
        """Count the cells of a row."""
        for column in self.reasons:
            if column < len(row.cells) and row.cells[column].strip():
                self.counts[column] += 1
                self.first.setdefault(column, row)

    def entries(self, sheet: Sheet) -> Iterator[SpoolEntry]:
        """One refusal per column that is not blank."""
        for column, row in sorted(self.first.items()):
            count = self.counts[column]
            cells = (
                f"{count} of its cells are not blank, of which this is the first"
                if count > 1
                else "1 of its cells is not blank"
            )
            yield refusal(
                sheet,
                row,
                RowProblem("column_left_out", f"the column is left out: {self.reasons[column]}; {cells}", column),
            )
