"""Adjusts rows to the number of headings, or refuses them."""

from collections.abc import Iterator

from infrastructure.formats.tables.rows import RowProblem, TableRow


def as_long(rows: Iterator[TableRow], width: int, *, pad: bool = False) -> Iterator[TableRow]:
    """The rows with `width` cells each; others get a problem. Surplus blank cells are removed.

    `pad` fills short rows: workbooks omit blank cells at the end of a row.
    """
    for row in rows:
        length = len(row.cells)
        if length == width or (row.problem is not None and not pad):
            yield row
        elif length < width and pad:
            yield row._replace(cells=[*row.cells, *[""] * (width - length)])
        elif length > width and not any(row.cells[width:]):
            yield row._replace(cells=row.cells[:width])
        else:
            yield row._replace(
                problem=row.problem or RowProblem("unreadable_row", f"it has {length} cells for {width} headings")
            )
