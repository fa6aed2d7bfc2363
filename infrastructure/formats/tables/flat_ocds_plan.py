"""The plan for flat OCDS: consecutive rows of one release become that release."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from domain.tables.cell_values import Converter, digits_lost
from domain.tables.compatible_columns import compatible
from domain.tables.flat_rows import CellError, ColumnTarget, RowLayout
from domain.tables.heading_paths import PREFIXES, HeadingError, Path, converter, is_date, is_number, parse
from infrastructure.formats.json.package_head import PACKAGE_FIELDS
from infrastructure.formats.tables.cell_notes import CellNote, cell_note
from infrastructure.formats.tables.column_date_orders import looks_like_iso
from infrastructure.formats.tables.release_groups import group_of
from infrastructure.formats.tables.release_rows import ReleaseRows
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, is_comment, refusal
from infrastructure.formats.tables.unusable_columns import UnusableColumns

KEYS: tuple[Path, ...] = (("ocid",), ("id",), ("date",))
FLAT_OCDS = "flat OCDS"
EMPTY_QUOTES = {'""', "''"}  # some exports write empty strings so
LONG_NUMBER = 16  # characters; numbers of this length may have more digits than a 64-bit float keeps


class Builder(Protocol):
    """Builds a release, or part of one, from the cells of a row; CellError if a cell can't be converted."""

    def build(self, cells: Sequence[str]) -> dict[str, Any]: ...


class Columns(NamedTuple):
    """Columns with extra checks: dates, numbers with their converters, and omitted columns with the reason."""

    dates: Mapping[int, Path]
    numbers: Mapping[int, ColumnTarget]
    left_out: Mapping[int, str]


class FlatPlan:
    """Builds releases from rows. `keys` builds ocid, id and date only, `about` the package metadata if there are such
    columns.

    Rows that are not `identified` have no release id; they belong to the release of their ocid if another sheet has
    one.
    """

    def __init__(
        self,
        layout: Builder,
        keys: Builder,
        longest: int,
        columns: Columns,
        about: Builder | None = None,
        *,
        name: str = FLAT_OCDS,
        constants: Mapping[str, Any] | None = None,
        identified: bool = True,
    ) -> None:
        self.layout = layout
        self.keys = keys
        self.longest = longest
        self.columns = columns
        self.about = about
        self.name = name
        self.constants = dict(constants or {})
        self.identified = identified

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[SpoolEntry]:
        """The releases, refused rows and omitted columns of a sheet, as entries of the spool."""
        rows = ReleaseRows(sheet, self.longest)
        left_out = UnusableColumns(self.columns.left_out)
        package = orjson.dumps(dict(sheet.package)) if sheet.package else b""
        for row in sheet.rows:
            if left_out.reasons:
                left_out.see(row)
            row, part, problem, notes = self._part(row, sheet)
            key = self._key(row, part, len(sheet.headings))
            if key is None:
                yield refusal(
                    sheet,
                    row,
                    problem or RowProblem("missing_ocid", "it has no ocid, so its contracting process is unknown"),
                )
                continue
            if rows.key != key:
                yield from rows.entries(self.constants, self._package(rows, package))
                rows = ReleaseRows(sheet, self.longest, key, self._group(*key, alone=alone))
            rows.add(row, part, problem, notes)
        yield from rows.entries(self.constants, self._package(rows, package))
        yield from left_out.entries(sheet)

    def _package(self, rows: ReleaseRows, package: bytes) -> bytes:
        """The package metadata: that of the Meta sheet, overridden by that of the release's first row."""
        if self.about is None or rows.first is None:
            return package
        metadata = {**rows.sheet.package, **self.about.build(rows.first.cells)}
        return orjson.dumps(metadata) if metadata else b""

    def _group(self, ocid: str, release_id: str, date: str, *, alone: bool) -> str:
        """The group of a row: its release, or only its process if it has neither release id nor a date of its own."""
        if not release_id and (not date or not (self.identified or alone)):
            return group_of(ocid, None)
        return group_of(ocid, release_id, date)

    def _part(
        self, row: TableRow, sheet: Sheet
    ) -> tuple[TableRow, dict[str, Any] | None, RowProblem | None, list[CellNote]]:
        """(the row with its dates in ISO 8601, the part of the release, the problem if it can't be read, the notes)."""
        if row.problem is not None:
            return row, None, row.problem, []
        notes = [cell_note("nul_character", row.line, (), "")] if row.nul else []
        for column in self.columns.dates:
            if row.cells[column] and not looks_like_iso(row.cells[column]) and sheet.orders:
                decided = sheet.orders.decide(row, self.columns.dates)
                row, notes = decided.row, [*notes, *decided.notes]
                if decided.problem:
                    return row, None, decided.problem, []
                break
        while True:
            try:
                part = self.layout.build(row.cells)
            except CellError as error:
                if error.text.strip() not in EMPTY_QUOTES:
                    return row, None, RowProblem("wrong_type", error.reason, error.column), []
                cells = list(row.cells)
                cells[error.column] = ""
                row = row._replace(cells=cells)
                notes.append(cell_note("blank_value", row.line, (sheet.headings[error.column].strip(),), error.text))
            else:
                for column in self.columns.numbers:
                    if len(row.cells[column]) >= LONG_NUMBER:
                        notes += self._rounded(row, self.columns.numbers[column])
                return row, part, None, notes

    @staticmethod
    def _rounded(row: TableRow, target: ColumnTarget) -> Iterator[CellNote]:
        cell = row.cells[target.column]
        if target.convert and digits_lost(cell, value := target.convert(cell)):
            yield cell_note("digits_lost", row.line, target.path, f"{cell.strip()} read as {value}")

    def _key(self, row: TableRow, part: Mapping[str, Any] | None, width: int) -> tuple[str, str, str] | None:
        """(ocid, release id, date if there is no id), if possible also of an unreadable row; None without an ocid."""
        if part is None:
            cells = row.before if row.problem and len(row.cells) == 1 else row.cells
            try:
                part = self.keys.build([*cells, *[""] * (width - len(cells))])
            except (CellError, ValueError, IndexError):
                return None
        ocid, release_id = str(part.get("ocid") or "").strip(), str(part.get("id") or "")
        return (ocid, release_id, "" if release_id else str(part.get("date") or "")) if ocid else None


def flat_plan(headings: Sequence[str], numbers: Converter, longest: int) -> FlatPlan | None:
    """The plan of a table whose headings are paths; None if they are not, or `ocid` is missing.

    A heading that is no path or conflicts with others omits its column; HeadingError if no column but `ocid` is left.
    """
    named = {column: heading for column, heading in enumerate(headings) if not is_comment(heading)}
    paths, left_out = _parsed(named)
    if ("ocid",) not in paths.values():
        return None
    has_package_columns = any(_is_inside(heading) for heading in named.values())
    about = {
        column: path
        for column, path in paths.items()
        if has_package_columns and not _is_inside(named[column]) and path[0] in PACKAGE_FIELDS
    }
    kept, contradicting = compatible({column: path for column, path in paths.items() if column not in about})
    about, doubled = compatible(about)
    left_out |= contradicting | doubled
    if len(kept) < 2:
        if left_out:
            raise HeadingError("; ".join(dict.fromkeys(left_out.values())))
        return None
    targets = [ColumnTarget(column, path, converter(path, numbers)) for column, path in kept.items()]
    width = len(headings)
    keys = RowLayout([target for target in targets if target.path in KEYS], width)
    package = RowLayout([ColumnTarget(column, path, None) for column, path in about.items()], width) if about else None
    return FlatPlan(
        RowLayout(targets, width),
        keys,
        longest,
        columns_of(targets, left_out),
        package,
        identified=("id",) in kept.values(),
    )


def columns_of(targets: Sequence[ColumnTarget], left_out: Mapping[int, str]) -> Columns:
    """The columns with extra checks, of a table with these targets."""
    dates = {target.column: target.path for target in targets if target.convert is None and is_date(target.path)}
    return Columns(dates, {target.column: target for target in targets if is_number(target.path)}, left_out)


def _parsed(named: Mapping[int, str]) -> tuple[dict[int, Path], dict[int, str]]:
    """(the paths, the reasons why other headings are no paths)."""
    paths: dict[int, Path] = {}
    wrong: dict[int, str] = {}
    for column, heading in named.items():
        try:
            paths[column] = parse(heading)
        except HeadingError as error:
            wrong[column] = str(error)
    return paths, wrong


def _is_inside(heading: str) -> bool:
    return any(heading.strip().startswith("/".join(map(str, prefix)) + "/") for prefix in PREFIXES)
