"""Aggregates of facts: measures by dimension attributes, filtered, sorted and paged."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import IO, Any, Final, Literal

from domain.shared.errors import InvalidError, NotFoundError
from domain.star.aggregates import AggregateQuery, Having, Measure, check_units, read_measure
from domain.star.exports import ExportFormat, column_schema
from domain.star.queries import FACTS, FieldKind, Sort, read_value
from services.ports.exports import TableExports
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.pages import Page
from services.star.row_cursors import position_cursor, read_position
from services.star.rows import Parameters, checked_conditions, read_conditions

MEASURES_MAX: Final = 10
GROUP_FIELDS_MAX: Final = 6
OPERATORS: Final[tuple[Literal["gte", "lte"], ...]] = ("gte", "lte")


@dataclass(frozen=True)
class AggregateRequest:
    """An aggregate as a client asks for it. Without measures, rows are counted."""

    fact: str
    measures: Sequence[str]
    by: Sequence[str]
    having: Sequence[str]
    filters: Parameters
    sort: str | None


def aggregate_groups(
    warehouse: Warehouse, request: AggregateRequest, cursor: str | None, limit: int
) -> Page[dict[str, Any]]:
    """A page of groups, and the cursor of the next page.

    NotFoundError for an unknown fact; InvalidError for a field, measure, order or cursor that does not exist or fit.
    """
    with warehouse.read() as work:
        query, kinds = _read(work, request)
        after = read_position(cursor, query.order, [kinds[sort.field] for sort in query.order])
        page = work.star_reader.aggregate(replace(query, after=after, limit=limit))
    return Page(page.groups, position_cursor(page.following, query.order))


def export_groups(
    warehouse: Warehouse, exports: TableExports, request: AggregateRequest, form: ExportFormat
) -> IO[bytes]:
    """All groups as a file. Errors as in `aggregate_groups`."""
    with warehouse.read() as work:
        query, kinds = _read(work, request)
        with closing(work.star_reader.aggregate_frames(query, kinds)) as frames:
            return exports.write(frames, column_schema(kinds), form)


def _read(work: ReadUnitOfWork, request: AggregateRequest) -> tuple[AggregateQuery, dict[str, FieldKind]]:
    """The query, and the kinds of its columns in order."""
    fact = request.fact
    if fact not in FACTS:
        raise NotFoundError(f"there is no fact {fact}", allowed=list(FACTS))
    fields = work.star_reader.fields(fact)
    measures = _measures(request.measures, fact, fields)
    by = _group_fields(request.by, fields)
    where = checked_conditions(fact, read_conditions(request.filters, fields))
    having = tuple(_having(text, fact, fields) for text in request.having)
    check_units(fact, [*measures, *(test.measure for test in having)], by, where)
    kinds = {name: fields[name] for name in by} | {one.name: one.kind(fields) for one in measures}
    return AggregateQuery(fact, measures, by, where, having, _order(request.sort, by, kinds)), kinds


def _measures(texts: Sequence[str], fact: str, fields: Mapping[str, FieldKind]) -> tuple[Measure, ...]:
    found = dict.fromkeys(read_measure(text, fact, fields) for entry in texts for text in entry.split(","))
    if len(found) > MEASURES_MAX:
        raise InvalidError(f"at most {MEASURES_MAX} measures", parameter="measure")
    return tuple(found) or (Measure("count"),)


def _group_fields(texts: Sequence[str], fields: Mapping[str, FieldKind]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))
    allowed = sorted(
        name
        for name, kind in fields.items()
        if kind is not FieldKind.ORGANIZATION and not name.endswith("_key") and name != "silver_batch"
    )
    for name in names:
        if name not in allowed:
            raise InvalidError(f"there is no field {name[:200]} to group by", parameter="by", allowed=allowed)
    if len(names) > GROUP_FIELDS_MAX:
        raise InvalidError(f"at most {GROUP_FIELDS_MAX} fields to group by", parameter="by")
    return names


def _having(text: str, fact: str, fields: Mapping[str, FieldKind]) -> Having:
    """Parse `sum:amount__gte=1000`, `count__lte=5` or `count=1`."""
    name, equals, value = text.partition("=")
    operator = next((one for one in OPERATORS if name.endswith(f"__{one}")), None)
    if not equals:
        raise InvalidError(
            "having is written MEASURE__gte=NUMBER, MEASURE__lte=NUMBER or MEASURE=NUMBER",
            parameter="having",
            got=text[:200],
        )
    measure = read_measure(name.removesuffix(f"__{operator}"), fact, fields, parameter="having")
    kind = measure.kind(fields)
    try:
        read = read_value(kind, value)
    except ValueError as error:
        raise InvalidError(f"{measure.name} must be {error}", parameter="having", got=value[:200]) from error
    return Having(measure, operator or "eq", read)


def _order(text: str | None, by: Sequence[str], kinds: Mapping[str, FieldKind]) -> tuple[Sort, ...]:
    entries = [entry.strip() for entry in text.split(",")] if text else []
    sorts = [Sort(entry.removeprefix("-"), entry.startswith("-")) for entry in entries]
    for sort in sorts:
        if sort.field not in kinds:
            raise InvalidError(
                f"there is no column {sort.field[:200]} to sort by: it must be in `by` or `measure`",
                parameter="sort",
                allowed=list(kinds),
            )
    if len({sort.field for sort in sorts}) != len(sorts):
        raise InvalidError("sort names a column twice", parameter="sort")
    named = {sort.field for sort in sorts}
    return (*sorts, *(Sort(name) for name in by if name not in named))
