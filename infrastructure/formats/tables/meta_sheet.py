"""The Meta sheet of the OCDS template: what a package says of itself (publisher, licence, version), as flatten-tool writes it.

Names stand in its first column and values beside them, or names in its first row and values below.
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

MOST_ROWS = 200
LISTS = {("extensions",)}


class PackageMetadata(NamedTuple):
    """What is said of the package, and the rows that say something else."""

    package: dict[str, Any]
    refused: list[tuple[TableRow, RowProblem]]


def meta_of(rows: Iterable[TableRow]) -> PackageMetadata | None:
    """The sheet as a Meta sheet; None where it is none: neither its first row nor its first column names such a field first."""
    found = list(islice(rows, MOST_ROWS + 1))
    if not found or len(found) > MOST_ROWS or not _named(found[0].cells[:1]):
        return None
    if len(found) > 1 and len([cell for cell in found[0].cells if cell.strip()]) == len(_named(found[0].cells)):
        pairs = list(_below(found))
    else:
        pairs = list(_beside(found))
    return _read(pairs)


def _below(rows: Sequence[TableRow]) -> Iterator[tuple[TableRow, str, str]]:
    """(row, name, value) where the names are in the first row; further rows of values have no name."""
    names, values, *more = rows
    for column, value in enumerate(values.cells):
        yield values, names.cells[column] if column < len(names.cells) else "", value
    for row in more:
        yield row, "", next(filter(None, row.cells), "")


def _beside(rows: Sequence[TableRow]) -> Iterator[tuple[TableRow, str, str]]:
    """(row, name, value) where the names are in the first column."""
    for row in rows:
        name, *values = row.cells
        filled = [value for value in values if value.strip()]
        yield row, name if len(filled) < 2 else "", filled[0] if filled else ""


def _read(pairs: Sequence[tuple[TableRow, str, str]]) -> PackageMetadata:
    said = [(row, name, value) for row, name, value in pairs if not name.strip().startswith("#") and (value.strip() or row.problem)]
    paths = {index: parse(name) for index, (_, name, _) in enumerate(said) if _named([name])}
    kept, left_out = compatible(paths)
    refused: list[tuple[TableRow, RowProblem]] = []
    for index, (row, name, value) in enumerate(said):
        if row.problem:
            refused.append((row, row.problem))
            kept.pop(index, None)
        elif index not in kept:
            reason = left_out.get(index) or f"{name.strip()[:80]!r} is nothing that a package says of itself ({', '.join(PACKAGE_FIELDS)})"
            refused.append((row, RowProblem("unknown_field", f"{reason}; left out: {value.strip()[:80]!r}")))
    layout = RowLayout([ColumnTarget(index, path, text_list if path in LISTS else str.strip) for index, path in kept.items()], len(said))
    return PackageMetadata(layout.build([value for _, _, value in said]), refused)


def _named(names: Iterable[str]) -> list[str]:
    """Those that are fields of a package."""
    return [name for name in names if _is_field(name)]


def _is_field(name: str) -> bool:
    try:
        return parse(name)[0] in PACKAGE_FIELDS
    except HeadingError:
        return False
