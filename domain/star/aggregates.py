"""Aggregates of a fact: measures over groups of rows. Pure.

Only additive measures can be summed (Kimball): an award's `award_amount` is repeated for each supplier, a unit price
adds up to nothing. A published amount has a currency, a quantity a unit: they are aggregated only where all rows of a
group have the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from domain.shared.errors import InvalidError
from domain.star.queries import Condition, FieldKind, Sort

Function = Literal["count", "sum", "avg", "min", "max", "distinct"]
FUNCTIONS: tuple[str, ...] = get_args(Function)
NUMBERS = frozenset({FieldKind.NUMBER, FieldKind.INTEGER})
ADDITIVE: Mapping[str, frozenset[str]] = {
    "process": frozenset(
        {
            *("amount", "amount_base", "ceiling_base", "min_amount", "budget_amount", "number_of_tenderers"),
            *("releases", "awards", "contracts", "items", "documents", "notes", "bids", "transactions", "amendments"),
        }
    ),
    "award": frozenset({"amount", "amount_base", "ceiling_base"}),
    "contract": frozenset({"amount", "amount_base", "ceiling_base"}),
    "item": frozenset({"quantity"}),
    "bid": frozenset({"amount", "amount_base"}),
    "transaction": frozenset({"amount", "amount_base"}),
    "amendment": frozenset(),
    "red_flag": frozenset(),
    "document": frozenset({"pages", "words", "passages", "size"}),
}
"""The measures of each fact that may be summed over any rows."""
UNIT_OF: Mapping[tuple[str, str], str] = {
    ("process", "amount"): "currency.code",
    ("process", "min_amount"): "currency.code",
    ("process", "budget_amount"): "budget_currency",
    ("award", "amount"): "currency.code",
    ("award", "award_amount"): "currency.code",
    ("contract", "amount"): "currency.code",
    ("bid", "amount"): "currency.code",
    ("bid", "bid_amount"): "currency.code",
    ("transaction", "amount"): "currency.code",
    ("item", "unit_amount"): "unit_currency.code",
    ("item", "quantity"): "unit",
}
"""The field that says what a measure counts in: (fact, measure) → its currency or unit."""


@dataclass(frozen=True)
class Measure:
    """A function over a field of the rows of a group; `count` without a field counts rows.

    `count` of a field counts the rows where it has a value, `distinct` its different values. The others leave missing
    values out, and are null where no row has one.
    """

    function: Function
    field: str | None = None

    @property
    def name(self) -> str:
        """As it is asked for and answered: `sum:amount`, `count`."""
        return self.function if self.field is None else f"{self.function}:{self.field}"

    def kind(self, fields: Mapping[str, FieldKind]) -> FieldKind:
        """The kind of its values."""
        if self.function in {"count", "distinct"} or self.field is None:
            return FieldKind.INTEGER
        return FieldKind.NUMBER if self.function == "avg" else fields[self.field]


@dataclass(frozen=True)
class Having:
    """A condition on a measure of a group."""

    measure: Measure
    operator: Literal["eq", "gte", "lte"]
    value: Any


@dataclass(frozen=True)
class AggregateQuery:
    """Measures of a fact by fields, of the rows that meet `where`, of the groups that meet `having`.

    `order` names measures and group fields and ends with all of the latter, so that it is total. `after` holds the
    last group of the previous page: its values in this order.
    """

    of: str
    measures: tuple[Measure, ...]
    by: tuple[str, ...]
    where: tuple[Condition, ...]
    having: tuple[Having, ...]
    order: tuple[Sort, ...]
    after: tuple[Any, ...] | None = None
    limit: int = 100


@dataclass(frozen=True)
class AggregatePage:
    """Groups as {name of a measure or field: value}, and the start of the next page (None at the end)."""

    groups: list[dict[str, Any]]
    following: tuple[Any, ...] | None


def read_measure(text: str, fact: str, fields: Mapping[str, FieldKind], *, parameter: str = "measure") -> Measure:
    """Parse `count`, `count:FIELD`, `sum:FIELD`, `avg:…`, `min:…`, `max:…` or `distinct:…`.

    InvalidError for an unknown function or field, one that is no number, and a sum of what does not add up.
    """
    function, colon, field = text.strip().partition(":")
    if function not in FUNCTIONS or (not colon and function != "count"):
        raise InvalidError(
            f"{text[:200]!r} is no measure: write count, or FUNCTION:FIELD such as sum:amount",
            parameter=parameter,
            functions=list(FUNCTIONS),
        )
    if not colon:
        return Measure("count")
    kind = fields.get(field)
    if kind is None or kind is FieldKind.ORGANIZATION:
        raise InvalidError(f"there is no field {field[:200]} to measure", parameter=parameter, allowed=sorted(fields))
    if function in {"sum", "avg", "min", "max"} and kind not in NUMBERS:
        raise InvalidError(f"{field} is no number: it has count and distinct", parameter=parameter)
    if function == "sum" and field not in ADDITIVE[fact]:
        raise InvalidError(
            f"{field} can't be summed: its values do not add up over rows of {fact}",
            parameter=parameter,
            allowed=[f"sum:{name}" for name in sorted(ADDITIVE[fact])],
        )
    return Measure(function, field)  # type: ignore[arg-type]  # checked above


def check_units(fact: str, measures: Sequence[Measure], by: Sequence[str], where: Sequence[Condition]) -> None:
    """InvalidError if a measure would mix currencies or units: neither a group field nor one value of a filter."""
    single = {one.field for one in where if one.operator == "eq" and len(one.values) == 1}
    for measure in measures:
        unit = UNIT_OF.get((fact, measure.field or ""))
        if measure.function in {"count", "distinct"} or unit is None or unit in by or unit in single:
            continue
        base = f"{measure.field}_base"
        other = f", or measure {measure.function}:{base}" if base in ADDITIVE[fact] else ""
        raise InvalidError(
            f"{measure.name} would mix values of different {unit}: add {unit} to `by`, filter by one{other}",
            parameter="measure",
        )
