"""Filters, sorting and facets in Typesense's syntax."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.search.queries import CollectionSpec, FacetValue, Filter
from infrastructure.search.common.allowed_fields import filter_field, sort_field
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.instants import micros
from infrastructure.search.typesense.schema import EXACT_SIGNS, encode_id, key_field, masked, unmasked

FACET_VALUES = 10_000  # read of a facet: values are sorted by us, and added up over keywords and vectors
NO_SUCH_ID = "-"
Json = dict[str, Any]


def filter_by(spec: CollectionSpec, filters: Sequence[Filter]) -> str:
    """The conditions, all of which must hold. InvalidError for a field that can't be filtered so."""
    return both(*(_condition(spec, one) for one in filters))


def by_ids(keys: Iterable[str], sign: str = "") -> str:
    """The documents of these keys; with the sign `!=` all others."""
    return f"{ID}:{sign}[{','.join(map(encode_id, keys)) or NO_SUCH_ID}]"


def equal(field: str, values: Iterable[str]) -> str:
    """The documents with one of these values, in any case. Only letters, digits and indexed signs can be compared."""
    comparable = [one for one in values if any(c.isalnum() or c in EXACT_SIGNS or c > "\x7f" for c in one)]
    quoted = ",".join(f"`{masked(one).replace('`', ' ')}`" for one in comparable)
    return f"{field}:=[{quoted}]" if quoted else by_ids(())


def both(*conditions: str) -> str:
    """All conditions that are not empty."""
    return " && ".join(one for one in conditions if one)


def sort_by(spec: CollectionSpec, sort: str | None) -> str:
    """The order of the hits: ties by their keys, documents without a value last."""
    if sort is None:
        return f"_text_match:desc,{key_field(spec)}:asc"
    direction = "desc" if sort.startswith("-") else "asc"
    return f"{sort_field(spec, sort).name}(missing_values: last):{direction},{key_field(spec)}:asc"


def facet_by(names: Sequence[str]) -> Json:
    """The parameters that count the values of these fields."""
    if not names:
        return {}
    return {"facet_by": ",".join(names), "max_facet_values": FACET_VALUES, "facet_strategy": "exhaustive"}


def facets(names: Sequence[str], size: int, *answers: Json) -> dict[str, list[FacetValue]]:
    """The most frequent values over disjoint answers, ties in alphabetical order."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for facet in (one for answer in answers for one in answer.get("facet_counts", [])):
        counts[facet["field_name"]].update({unmasked(one["value"]): one["count"] for one in facet["counts"]})
    return {
        name: [
            FacetValue(value=value, count=count)
            for value, count in sorted(values.items(), key=lambda one: (-one[1], one[0]))[:size]
        ]
        for name, values in counts.items()
    }


def _condition(spec: CollectionSpec, condition: Filter) -> str:
    field = filter_field(spec, condition)
    if field.type == "keyword":
        return by_ids(condition.values) if field.name == ID else equal(field.name, condition.values)
    ends = [(">=", condition.gte), ("<=", condition.lte)]
    return both(*(f"{field.name}:{sign}{_number(value)}" for sign, value in ends if value is not None))


def _number(value: float | datetime) -> str:
    return str(micros(value)) if isinstance(value, datetime) else format(Decimal(repr(float(value))), "f")
