"""Rows made as long as the headings, or refused."""

from collections.abc import Iterator

from infrastructure.formats.tables.rows import RowProblem, TableRow


def as_long(rows: Iterator[TableRow], width: int, *, pad: bool = False) -> Iterator[TableRow]:
    """The rows, those refused that have not a cell for each heading. Blank cells too many are cut off; `pad` fills up rows that are too
    short, as those of workbooks are where their last cells are blank."""
    for row in rows:
        length = len(row.cells)
        if length == width or (row.problem is not None and not pad):
            yield row
        elif length < width and pad:
            yield row._replace(cells=[*row.cells, *[""] * (width - length)])
        elif length > width and not any(row.cells[width:]):
            yield row._replace(cells=row.cells[:width])
        else:
            yield row._replace(problem=row.problem or RowProblem("unreadable_row", f"it has {length} cells, and there are {width} headings"))
