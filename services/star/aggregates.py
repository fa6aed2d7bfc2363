"""Aggregates of facts: measures by dimension attributes, filtered, sorted and paged."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from domain.shared.errors import InvalidError, NotFoundError
from domain.star.aggregates import AggregateQuery, Having, Measure, check_units, read_measure
from domain.star.queries import FACTS, FieldKind, Sort, read_value
from services.ports.warehouse import Warehouse
from services.star.positions import position_cursor, read_position
from services.star.rows import Parameters, checked_conditions, read_conditions

MEASURES_MAX: Final = 10
GROUP_FIELDS_MAX: Final = 6
OPERATORS: Final[tuple[Literal["gte", "lte"], ...]] = ("gte", "lte")


def aggregate(
    warehouse: Warehouse,
    fact: str,
    *,
    measures: Sequence[str],
    by: Sequence[str],
    having: Sequence[str],
    filters: Parameters,
    sort: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of groups, and the cursor of the next page.

    Without measures, rows are counted. NotFoundError for an unknown fact; InvalidError for a field, measure, order or
    cursor that does not exist or fit.
    """
    if fact not in FACTS:
        raise NotFoundError(f"there is no fact {fact}", allowed=list(FACTS))
    with warehouse.read() as work:
        fields = work.star_reader.fields(fact)
        parsed = _measures(measures, fact, fields)
        groups = _group_fields(by, fields)
        where = checked_conditions(fact, read_conditions(filters, fields))
        tests = [_having(text, fact, fields) for text in having]
        check_units(fact, [*parsed, *(test.measure for test in tests)], groups, where)
        kinds = {name: fields[name] for name in groups} | {one.name: one.kind(fields) for one in parsed}
        order = _order(sort, groups, kinds)
        after = read_position(cursor, order, [kinds[sort.field] for sort in order])
        page = work.star_reader.aggregate(
            AggregateQuery(fact, parsed, groups, where, tuple(tests), order, after, limit)
        )
    return page.groups, position_cursor(page.following, order)


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
