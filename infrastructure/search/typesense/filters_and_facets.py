"""Filters, orders and facets of a search in Typesense's words."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.search.queries import CollectionSpec, FacetValue, Filter
from infrastructure.search.common.allowed_fields import filter_field, sort_field
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.instants import micros
from infrastructure.search.typesense.schema import EXACT_SIGNS, encode_id, key_field, masked, unmasked

MANY_VALUES = 10_000  # distinct values read where the last ones shown are as frequent as the next
NOBODY = "-"  # an id that no document has
Json = dict[str, Any]


def filter_by(spec: CollectionSpec, filters: Sequence[Filter]) -> str:
    """The conditions, all of which must hold. InvalidError where a field can't be asked so."""
    return both(*(_condition(spec, one) for one in filters))


def by_ids(keys: Iterable[str]) -> str:
    """The documents of these keys."""
    return f"{ID}:[{','.join(map(encode_id, keys)) or NOBODY}]"


def not_ids(keys: Iterable[str]) -> str:
    """All documents but these."""
    return f"{ID}:!=[{','.join(map(encode_id, keys)) or NOBODY}]"


def equal(field: str, values: Iterable[str]) -> str:
    """Documents that have one of these values in a field, in any case.

    Between back quotes nothing has a meaning but they themselves.
    """
    quoted = [
        f"`{masked(value).replace('`', ' ')}`"
        for value in values
        if any(one.isalnum() or one in EXACT_SIGNS or one > "\x7f" for one in value)
    ]
    return f"{field}:=[{','.join(quoted)}]" if quoted else by_ids(())


def both(*conditions: str) -> str:
    """All conditions that say anything."""
    return " && ".join(one for one in conditions if one)


def sort_by(spec: CollectionSpec, sort: str | None, *, ranked: bool) -> str:
    """The order of the hits: equals by their keys, documents without a value last."""
    if sort is None:
        return f"_text_match:desc,{key_field(spec)}:asc" if ranked else f"{key_field(spec)}:asc"
    return (
        f"{sort_field(spec, sort).name}(missing_values: "
        f"last):{'desc' if sort.startswith('-') else 'asc'},{key_field(spec)}:asc"
    )


def facet_by(names: Sequence[str], size: int) -> Json:
    """What has the server count, one value more than asked for, to see whether the last one stands alone."""
    return {"facet_by": ",".join(names), "max_facet_values": size + 1, "facet_strategy": "exhaustive"} if names else {}


def counted(answer: Json) -> dict[str, list[FacetValue]]:
    """All values that the server counted, by field, the most frequent first, equals by their letters."""
    return {
        one["field_name"]: most_frequent_first({unmasked(each["value"]): each["count"] for each in one["counts"]})
        for one in answer.get("facet_counts", [])
    }


def most_frequent_first(counts: dict[str, int]) -> list[FacetValue]:
    """Values by how often they are found, equals by their letters."""
    return [
        FacetValue(value=value, count=count)
        for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _condition(spec: CollectionSpec, condition: Filter) -> str:
    field = filter_field(spec, condition)
    if field.type == "keyword":
        return by_ids(condition.values) if field.name == ID else equal(field.name, condition.values)
    ends = [(">=", condition.gte), ("<=", condition.lte)]
    return both(*(f"{field.name}:{sign}{_number(value)}" for sign, value in ends if value is not None))


def _number(value: float | datetime) -> str:
    return str(micros(value)) if isinstance(value, datetime) else format(Decimal(repr(float(value))), "f")
