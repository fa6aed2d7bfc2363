"""The tables of one file, or of one folder of an archive.

Those of flat OCDS have parts of the same releases; the metadata of a Meta sheet is that of all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from domain.jobs.job import Position
from domain.shared.errors import InvalidError
from domain.tables.heading_paths import HeadingError
from infrastructure.formats.tables import record_spool
from infrastructure.formats.tables.column_date_orders import DateColumns, DateOrders
from infrastructure.formats.tables.flat_ocds_plan import FlatPlan
from infrastructure.formats.tables.meta_sheet import PackageMetadata, meta_of
from infrastructure.formats.tables.plan_choice import meaningless, plan_of
from infrastructure.formats.tables.profiles import Profile
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TablePlan, TableRow, refusal
from services.ports.sources import Slice


class Table(NamedTuple):
    """A table with its plan, or the reason why it has none. Each call of `read` reads its rows from the heading
    row on.
    """

    name: str
    headings: TableRow
    read: Callable[[], Iterator[TableRow]]
    pad: bool
    plan: TablePlan | None
    reason: str = ""

    def sheet(self, orders: DateOrders | None = None, package: dict[str, Any] | None = None) -> Sheet:
        """The rows after the headings, each with one cell per heading."""
        width = len(self.headings.cells)
        rows = _as_long(islice(self.read(), 1, None), width, pad=self.pad)
        return Sheet(self.name, self.headings.cells, rows, orders, package or {})


def table(
    name: str,
    read: Callable[[], Iterator[TableRow]],
    delimiter: str,
    profiles: Sequence[Profile],
    longest: int,
    *,
    pad: bool = False,
) -> Table | None:
    """The table of these rows; None if there are no rows."""
    headings = next(read(), None)
    if headings is None:
        return None
    if headings.problem is not None:
        return Table(name, headings, read, pad, None, f"its headings can't be read: {headings.problem.reason}")
    try:
        plan = plan_of(headings.cells, delimiter, profiles, longest)
    except HeadingError as error:
        return Table(name, headings, read, pad, None, str(error))
    return Table(name, headings, read, pad, plan, "" if plan else meaningless(name, headings.cells, ()).detail)


def entries(tables: Sequence[Table], profiles: Sequence[Profile]) -> Iterator[SpoolEntry]:
    """The records and refusals of the tables, as entries of the spool. InvalidError if no table has a plan."""
    if tables and not any(each.plan for each in tables):
        raise unreadable(tables[0], profiles)
    flat = [(each, each.plan) for each in tables if isinstance(each.plan, FlatPlan)]
    metas = {
        each.name: meta for each in tables if flat and each.plan is None and (meta := meta_of(each.read())) is not None
    }
    package: dict[str, Any] = {}
    for meta in metas.values():
        package = meta.package | package
    orders = DateOrders(lambda: (DateColumns(plan.columns.dates, each.sheet().rows) for each, plan in flat))
    for each in tables:
        if each.plan is not None:
            yield from each.plan.entries(each.sheet(orders, package), alone=len(flat) < 2)
        elif each.name in metas:
            yield from _refused(each, metas[each.name])
        else:
            yield refusal(each.sheet(), each.headings, RowProblem("unknown_sheet", each.reason))


def unreadable(one: Table, profiles: Sequence[Profile]) -> InvalidError:
    """The error for a file whose only table can't be read."""
    unknown = meaningless(one.name, one.headings.cells, profiles)
    return unknown if one.reason.startswith(one.name) else InvalidError(f"{one.name}: {one.reason}")


def _refused(one: Table, meta: PackageMetadata) -> Iterator[SpoolEntry]:
    for row, problem in meta.refused:
        yield refusal(Sheet(one.name, (), iter(())), row, problem)


def _as_long(rows: Iterator[TableRow], width: int, *, pad: bool = False) -> Iterator[TableRow]:
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


class SpooledTables:
    """The base of recognisers of tables, which read a spool of records (record_spool.py) that is built at the first
    slice. `longest` and `most` are bytes of a row and of all records.
    """

    def __init__(self, folder: Path, profiles: Sequence[Profile], longest: int, most: int) -> None:
        self.folder = folder
        self.profiles = profiles
        self.longest = longest
        self.most = most

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """The next slice; builds the spool if it is missing."""
        spool = self.spool(text)
        if not spool.exists():
            self.build(text, filename, position, spool)
        found = record_spool.read(spool, position["at"], limit)
        return found if found.position is None else replace(found, position=position | found.position)

    def spool(self, text: Path) -> Path:
        """The spool of a table."""
        return self.folder / f"{text.name}.rows"

    def build(self, text: Path, filename: str, position: Position, target: Path) -> None:
        """Build the spool of a table."""
        raise NotImplementedError
