"""The Meta sheet of the OCDS template: the metadata of a package (publisher, licence, version), as flatten-tool writes
it.

Names are in its first column with values beside them, or in its first row with values below.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from domain.tables.cell_values import text_list
from domain.tables.compatible_columns import compatible
from domain.tables.flat_rows import ColumnTarget, RowLayout
from domain.tables.heading_paths import HeadingError, parse
from infrastructure.formats.json.package_head import PACKAGE_FIELDS
from infrastructure.formats.tables.rows import RowProblem, TableRow

MAX_ROWS = 200
LISTS = {("extensions",)}


class PackageMetadata(NamedTuple):
    """The metadata of the package, and the rows that are none."""

    package: dict[str, Any]
    refused: list[tuple[TableRow, RowProblem]]


def meta_of(rows: Iterable[TableRow]) -> PackageMetadata | None:
    """The metadata of a Meta sheet; None if it is none, that is if its first cell names no field of a package."""
    found = list(islice(rows, MAX_ROWS + 1))
    if not found or len(found) > MAX_ROWS or not _named(found[0].cells[:1]):
        return None
    if len(found) > 1 and len([cell for cell in found[0].cells if cell.strip()]) == len(_named(found[0].cells)):
        pairs = list(_below(found))
    else:
        pairs = list(_beside(found))
    return _read(pairs)


def _below(rows: Sequence[TableRow]) -> Iterator[tuple[TableRow, str, str]]:
    """(row, name, value) if the names are in the first row; further rows of values have no name."""
    names, values, *more = rows
    for column, value in enumerate(values.cells):
        yield values, names.cells[column] if column < len(names.cells) else "", value
    for row in more:
        yield row, "", next(filter(None, row.cells), "")


def _beside(rows: Sequence[TableRow]) -> Iterator[tuple[TableRow, str, str]]:
    """(row, name, value) if the names are in the first column."""
    for row in rows:
        name, *values = row.cells
        filled = [value for value in values if value.strip()]
        yield row, name if len(filled) < 2 else "", filled[0] if filled else ""


def _read(pairs: Sequence[tuple[TableRow, str, str]]) -> PackageMetadata:
    filled = [
        (row, name, value)
        for row, name, value in pairs
        if not name.strip().startswith("#") and (value.strip() or row.problem)
    ]
    paths = {index: parse(name) for index, (_, name, _) in enumerate(filled) if _named([name])}
    kept, left_out = compatible(paths)
    refused: list[tuple[TableRow, RowProblem]] = []
    for index, (row, name, value) in enumerate(filled):
        if row.problem:
            refused.append((row, row.problem))
            kept.pop(index, None)
        elif index not in kept:
            reason = (
                left_out.get(index)
                or f"{name.strip()[:80]!r} is no metadata of a package ({', '.join(PACKAGE_FIELDS)})"
            )
            refused.append((row, RowProblem("unknown_field", f"{reason}; left out: {value.strip()[:80]!r}")))
    layout = RowLayout(
        [ColumnTarget(index, path, text_list if path in LISTS else str.strip) for index, path in kept.items()],
        len(filled),
    )
    return PackageMetadata(layout.build([value for _, _, value in filled]), refused)


def _named(names: Iterable[str]) -> list[str]:
    """The names that are fields of a package."""
    return [name for name in names if _is_field(name)]


def _is_field(name: str) -> bool:
    try:
        return parse(name)[0] in PACKAGE_FIELDS
    except HeadingError:
        return False
