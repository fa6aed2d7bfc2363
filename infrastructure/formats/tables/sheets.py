"""The tables of one file, or of one folder of an archive: those of flat OCDS are parts of the same releases, a Meta sheet speaks for all of them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from domain.shared.errors import InvalidError
from infrastructure.formats.tables.column_date_orders import DateColumns, DateOrders
from infrastructure.formats.tables.flat_ocds_plan import FlatPlan
from infrastructure.formats.tables.meta_sheet import PackageMetadata, meta_of
from infrastructure.formats.tables.plan_choice import HeadingError, meaningless, plan_of
from infrastructure.formats.tables.profiles import Profile
from infrastructure.formats.tables.row_width import as_long
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TablePlan, TableRow, refusal


class Table(NamedTuple):
    """A table with its plan, or the reason why it has none. `read` reads its rows anew each time, the heading row first."""

    name: str
    headings: TableRow
    read: Callable[[], Iterator[TableRow]]
    pad: bool
    plan: TablePlan | None
    reason: str = ""

    def sheet(self, orders: DateOrders | None = None, package: dict[str, Any] | None = None) -> Sheet:
        """Its rows behind the headings, each with a cell for each heading."""
        width = len(self.headings.cells)
        rows = as_long(islice(self.read(), 1, None), width, pad=self.pad)
        return Sheet(self.name, self.headings.cells, rows, orders, package or {})


def table(name: str, read: Callable[[], Iterator[TableRow]], delimiter: str, profiles: Sequence[Profile], longest: int, *, pad: bool = False) -> Table | None:
    """The table that these rows are; None where they are none at all."""
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
    """What they hold, and what is refused of them. InvalidError where no table means anything."""
    if tables and not any(one.plan for one in tables):
        raise unreadable(tables[0], profiles)
    flat = [(one, one.plan) for one in tables if isinstance(one.plan, FlatPlan)]
    metas = {one.name: meta for one in tables if flat and one.plan is None and (meta := meta_of(one.read())) is not None}
    package: dict[str, Any] = {}
    for meta in metas.values():
        package = meta.package | package
    orders = DateOrders(lambda: (DateColumns(plan.columns.dates, one.sheet().rows) for one, plan in flat))
    for one in tables:
        if one.plan is not None:
            yield from one.plan.entries(one.sheet(orders, package), alone=len(flat) < 2)
        elif one.name in metas:
            yield from _refused(one, metas[one.name])
        else:
            yield refusal(one.sheet(), one.headings, RowProblem("unknown_sheet", one.reason))


def unreadable(one: Table, profiles: Sequence[Profile]) -> InvalidError:
    """Why a file that holds no other table can't be read."""
    undone = meaningless(one.name, one.headings.cells, profiles)
    return undone if one.reason.startswith(one.name) else InvalidError(f"{one.name}: {one.reason}")


def _refused(one: Table, meta: PackageMetadata) -> Iterator[SpoolEntry]:
    for row, problem in meta.refused:
        yield refusal(Sheet(one.name, (), iter(())), row, problem)
