"""Filters, orders and facets of a search in Typesense's words. Values are numbers, so that nothing in them needs escaping."""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.errors import InvalidError
from domain.search import CollectionSpec, FacetValue, Filter
from infrastructure.search.common.analysis import composed
from infrastructure.search.embedded.conditions import allowed
from infrastructure.search.typesense.names import ID, encode_id, exact
from infrastructure.search.typesense.schema import IS, ORDER, bound, unmasked

MANY_VALUES = 10_000  # distinct values read where the last ones shown are as frequent as the next
Json = dict[str, Any]


def filter_by(spec: CollectionSpec, filters: Sequence[Filter]) -> str:
    """The conditions, all of which must hold. InvalidError where a field can't be asked so."""
    return " && ".join(_condition(spec, one) for one in filters)


def by_ids(ids: Iterable[str]) -> str:
    """The documents of these keys."""
    return f"{ID}:[{','.join(map(encode_id, ids))}]"


def not_id(key: str) -> str:
    """All documents but this one."""
    return f"{ID}:!={encode_id(key)}"


def not_ids(ids: Iterable[str]) -> str:
    """All documents but these."""
    return f"{ID}:!=[{','.join(map(encode_id, ids))}]"


def both(*conditions: str) -> str:
    """All conditions that say anything."""
    return " && ".join(one for one in conditions if one)


def sort_by(spec: CollectionSpec, sort: str | None, *, ranked: bool) -> str:
    """The order of the hits: equals by their ids, documents without a value last."""
    if sort is None:
        return f"_text_match:desc,{ORDER}:asc" if ranked else f"{ORDER}:asc"
    field = allowed(spec, sort.removeprefix("-"), "sort", lambda one: one.sort)
    return f"{IS}{field.name}(missing_values: last):{'desc' if sort.startswith('-') else 'asc'},{ORDER}:asc"


def facet_by(spec: CollectionSpec, names: Iterable[str]) -> list[str]:
    """The facets asked for. InvalidError for fields that are none."""
    return [allowed(spec, name, "facet", lambda one: one.facet).name for name in dict.fromkeys(names)]


def facet_parameters(names: Sequence[str], size: int) -> Json:
    """What has the server count, one value more than asked for, to see whether the last one stands alone."""
    return {"facet_by": ",".join(names), "max_facet_values": size + 1, "facet_strategy": "exhaustive"} if names else {}


def group_field(spec: CollectionSpec, name: str) -> str:
    """The field that hits are grouped by."""
    return IS + allowed(spec, name, "group", lambda one: one.type == "keyword" and not one.many and one.name != ID).name


def counted(result: Json) -> dict[str, list[FacetValue]]:
    """All values that the server counted, by field, the most frequent first, equals by their letters."""
    return {one["field_name"]: _values(one) for one in result.get("facet_counts", [])}


def undecided(facets: dict[str, list[FacetValue]], size: int) -> list[str]:
    """Facets of which the last value shown is as frequent as the next: which of them comes first takes knowing all."""
    return [name for name, values in facets.items() if len(values) > size and values[size - 1].count == values[size].count]


def _values(one: Json) -> list[FacetValue]:
    values = [FacetValue(value=unmasked(each["value"]), count=each["count"]) for each in one["counts"]]
    return sorted(values, key=lambda each: (-each.count, each.value))


def _condition(spec: CollectionSpec, condition: Filter) -> str:
    field = allowed(spec, condition.field, "filter", lambda one: one.type != "text")
    ranged = condition.gte is not None or condition.lte is not None
    if field.type == "keyword":
        if not condition.values or ranged:
            raise InvalidError(f"A filter on {field.name} needs values, and has no range", field=field.name)
        if field.name == ID:
            return by_ids(condition.values)
        return f"{IS}{field.name}:=[{','.join(str(exact(composed(value))) for value in condition.values)}]"
    if condition.values or not ranged:
        raise InvalidError(f"A filter on {field.name} needs gte or lte, and has no values", field=field.name)
    ends = [(">=", condition.gte), ("<=", condition.lte)]
    return " && ".join(f"{IS}{field.name}:{sign}{bound(field, value)}" for sign, value in ends if value is not None)
