"""Queries on the star: pages of fact and dimension rows, with filters, sorting and cursors."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO, Any, get_args

from domain.marts.marts import MARTS
from domain.shared.classification_codes import bare_code, code_spellings
from domain.shared.errors import InvalidError, NotFoundError
from domain.shared.whitespace import tidy_text
from domain.star.exports import ExportFormat, column_schema
from domain.star.queries import DIMENSIONS, FACTS, Condition, FieldKind, Operator, RowQuery, Sort, Table, read_value
from services.ports.exports import TableExports
from services.ports.warehouse import Warehouse
from services.shared.list_values import split_values
from services.shared.pages import Page
from services.star.red_flags import with_links
from services.star.row_cursors import position_cursor, read_position

OPERATORS = [name for name in get_args(Operator) if name not in {"eq", "named", "within"}]
FILTER_MAX_VALUES = 500
PROCESS_CHANGE = "process.updated_at"  # of facts that are replaced with their process
LONGEST_TRANSACTION = timedelta(seconds=60)
REPEATED: frozenset[Operator] = frozenset({"eq", "named", "prefix", "like", "within"})  # any of several values
Parameters = Sequence[tuple[str, str]]
TABLES: dict[Table, Sequence[str]] = {"fact": FACTS, "dimension": DIMENSIONS, "mart": tuple(MARTS)}
RowsPage = Page[dict[str, Any]]


@dataclass(frozen=True)
class RowRequest:
    """Rows as a client asks for them: filters as query parameters, and flat names of fields (none: all shown ones)."""

    filters: Parameters = ()
    sort: str | None = None
    fields: Sequence[str] = ()
    updated_since: datetime | None = None


def list_rows(
    warehouse: Warehouse, table: Table, name: str, request: RowRequest, cursor: str | None, limit: int
) -> RowsPage:
    """A page of the rows of a fact or dimension. NotFoundError for an unknown one, InvalidError."""
    _check_exists(table, name)
    with warehouse.read() as work:
        fields = work.star_reader.fields(name)
    where = _row_conditions(request, fields)
    page = query_rows(warehouse, name, where, request.sort, cursor, limit, request.fields)
    if name == "red_flag" and not request.fields:
        return Page([with_links(row) for row in page.items], page.cursor)
    return page


def query_rows(
    warehouse: Warehouse,
    of: str,
    where: Iterable[Condition],
    sort: str | None,
    cursor: str | None,
    limit: int,
    names: Sequence[str] = (),
) -> RowsPage:
    """A page of rows that meet conditions on known fields. InvalidError as in `checked_conditions`."""
    conditions = checked_conditions(of, where)
    with warehouse.read() as work:
        fields = work.star_reader.fields(of)
        shown = tuple(read_fields(names, fields))
        sorts = read_sort(sort, fields)
        after = read_position(cursor, sorts, [*(fields[sort.field] for sort in sorts), FieldKind.INTEGER])
        page = work.star_reader.rows(RowQuery(of, conditions, sorts, after, limit, shown))
    return Page(page.rows, position_cursor(page.following, sorts))


def export_rows(
    warehouse: Warehouse, exports: TableExports, table: Table, name: str, request: RowRequest, form: ExportFormat
) -> IO[bytes]:
    """All rows of a fact or dimension as a file, with a column for each field. Errors as in `list_rows`."""
    _check_exists(table, name)
    with warehouse.read() as work:
        fields = work.star_reader.fields(name)
        where = checked_conditions(name, _row_conditions(request, fields))
        kinds = read_fields(request.fields, fields) or work.star_reader.shown_fields(name)
        query = RowQuery(name, where, read_sort(request.sort, fields))
        with closing(work.star_reader.frames(query, kinds)) as frames:
            return exports.write(frames, column_schema(kinds), form)


def count_rows(warehouse: Warehouse, table: Table, name: str, request: RowRequest, most: int) -> int:
    """The number of rows of a fact or dimension, counted up to `most`. Errors as in `list_rows`."""
    _check_exists(table, name)
    with warehouse.read() as work:
        where = checked_conditions(name, _row_conditions(request, work.star_reader.fields(name)))
        return work.star_reader.count(RowQuery(name, where, limit=most))


def _check_exists(table: Table, name: str) -> None:
    if name not in TABLES[table]:
        raise NotFoundError(f"there is no {table} {name}", allowed=list(TABLES[table]))


def _row_conditions(request: RowRequest, fields: Mapping[str, FieldKind]) -> list[Condition]:
    where = read_conditions(request.filters, fields)
    if request.updated_since is None:
        return where
    return [*where, changed_since("updated_at" if "updated_at" in fields else PROCESS_CHANGE, request.updated_since)]


def changed_since(field: str, instant: datetime) -> Condition:
    """The condition on a time of change: a little earlier, because a row is dated before its transaction ends."""
    return Condition(field, "gte", (instant - LONGEST_TRANSACTION,))


def read_fields(names: Sequence[str], fields: Mapping[str, FieldKind]) -> dict[str, FieldKind]:
    """The named fields, separated by commas or repeated. InvalidError for an unknown one."""
    wanted = dict.fromkeys(name.strip() for text in names for name in text.split(",") if name.strip())
    known = {name: kind for name, kind in fields.items() if kind is not FieldKind.ORGANIZATION}
    if unknown := [name for name in wanted if name not in known]:
        raise InvalidError(f"there is no field {unknown[0][:200]}", parameter="fields", allowed=sorted(known))
    return {name: known[name] for name in wanted}


def checked_conditions(of: str, where: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions, with codes in any spelling. InvalidError for more than FILTER_MAX_VALUES values."""
    conditions = tuple(where)
    if too_many := [condition.field for condition in conditions if len(condition.values) > FILTER_MAX_VALUES]:
        raise InvalidError(
            f"a filter takes at most {FILTER_MAX_VALUES} values; {too_many[0]} has more", parameter=too_many[0]
        )
    return tuple(_in_any_spelling(of, condition) for condition in conditions)


def _in_any_spelling(of: str, condition: Condition) -> Condition:
    """A condition on a classification code matches every spelling: with or without scheme and check digit."""
    if condition.field != "classification.code" and (of, condition.field) != ("classification", "code"):
        return condition
    if condition.operator == "eq":
        return replace(
            condition,
            values=tuple(dict.fromkeys(spelt for value in condition.values for spelt in code_spellings(value))),
        )
    return (
        replace(condition, values=tuple(map(bare_code, condition.values)))
        if condition.operator == "prefix"
        else condition
    )


def read_conditions(parameters: Parameters, fields: Mapping[str, FieldKind]) -> list[Condition]:
    """Conditions from `field=value` and `field__operator=value`; values of a repeated field are alternatives."""
    given: dict[tuple[str, Operator], list[Any]] = {}
    for name, text in _listed_values(parameters):
        field, operator, kind = _field(name, fields)
        if given.get((field, operator)) and operator not in REPEATED:
            raise InvalidError(f"{name} is given twice", parameter=name)
        reader = FieldKind.BOOLEAN if operator == "null" else kind
        try:
            value = read_value(reader, text, end=operator == "lte")
        except ValueError as error:
            raise InvalidError(f"{name} must be {error}", parameter=name, got=text[:200]) from error
        if operator == "like" and len(re.findall(r"\\*$", text)[0]) % 2:
            raise InvalidError(f"{name} ends with a backslash, which makes the next character plain", parameter=name)
        if operator == "eq" and kind is FieldKind.INSTANT:  # a day matches all of its instants
            operator, value = "within", (value, read_value(kind, text, end=True))
        given.setdefault((field, operator), []).extend(
            text_spellings(value) if operator in {"eq", "named"} else [value]
        )
    return [Condition(field, operator, tuple(values)) for (field, operator), values in given.items()]


def _listed_values(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """The parameters, with `field__in=a,b` as the repeated `field=a&field=b`."""
    for name, text in parameters:
        if name.endswith("__in"):
            values = split_values([text])
            if not values:
                raise InvalidError(f"{name} needs values, separated by commas", parameter=name)
            yield from ((name.removesuffix("__in"), value) for value in values)
        else:
            yield name, text


def text_spellings(value: Any) -> list[Any]:
    """The text as given, and with whitespace normalised as in the dimensions."""
    return list(dict.fromkeys([value, tidy_text(value)])) if isinstance(value, str) else [value]


def _field(name: str, fields: Mapping[str, FieldKind]) -> tuple[str, Operator, FieldKind]:
    field, _, ending = name.rpartition("__")
    operator: Operator = next((entry for entry in get_args(Operator) if entry == ending and entry in OPERATORS), "eq")
    if operator == "eq":
        field = name
    kind = fields.get(field)
    if kind is None:
        raise InvalidError(
            f"there is no field {field} to filter by",
            parameter=name,
            allowed=sorted(fields),
            operators=[f"__{entry}" for entry in OPERATORS],
        )
    if kind is FieldKind.ORGANIZATION:
        if operator != "eq":
            raise InvalidError(f"{field} takes an organisation's id or name and no operator", parameter=name)
        return field, "named", kind
    if operator in {"prefix", "like"} and kind is not FieldKind.TEXT:
        raise InvalidError(f"{field} is no text and takes no {operator}", parameter=name)
    if operator in {"gte", "lte"} and kind is FieldKind.BOOLEAN:
        raise InvalidError(f"{field} is true or false and has no order", parameter=name)
    return field, operator, kind


def read_sort(text: str | None, fields: Mapping[str, FieldKind]) -> tuple[Sort, ...]:
    """Parse a sort order such as `-amount,ocid`; '-' means descending. InvalidError for unknown or repeated fields."""
    if not text:
        return ()
    sorts = [Sort(entry.strip().removeprefix("-"), entry.strip().startswith("-")) for entry in text.split(",")]
    sortable = sorted(name for name, kind in fields.items() if kind is not FieldKind.ORGANIZATION)
    for sort in sorts:
        if sort.field not in sortable:
            raise InvalidError(f"there is no field {sort.field} to sort by", parameter="sort", allowed=sortable)
    if len({sort.field for sort in sorts}) != len(sorts) or len(sorts) > 4:
        raise InvalidError("sort takes up to four different fields", parameter="sort")
    return tuple(sorts)
