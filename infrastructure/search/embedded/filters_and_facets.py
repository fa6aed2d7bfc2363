"""Filters and facets: checks which fields support them, and translates conditions to tantivy queries."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tantivy import FieldType, Query, Schema, Searcher

from domain.search.queries import CollectionSpec, FacetValue, FieldSpec, Filter
from domain.shared.errors import InvalidError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.embedded.schema import micros
from infrastructure.search.embedded.term_queries import one_of

SEGMENT_VALUES = 1_000_000  # distinct values counted per segment; so many that totals over segments are exact


def filter_query(spec: CollectionSpec, schema: Schema, condition: Filter) -> Query:
    """A query for the documents that meet a condition. InvalidError if the field doesn't support it."""
    field = allowed(spec, condition.field, "filter", lambda field: field.type != "text")
    ranged = condition.gte is not None or condition.lte is not None
    if field.type == "keyword":
        if not condition.values or ranged:
            raise InvalidError(f"A filter on {field.name} needs values, not a range", field=field.name)
        return one_of(schema, field.name, condition.values)
    if condition.values or not ranged:
        raise InvalidError(f"A filter on {field.name} needs gte or lte, not values", field=field.name)
    return _range(schema, field, _bound(field, condition.gte), _bound(field, condition.lte))


def facets(spec: CollectionSpec, searcher: Searcher, query: Query, names: Iterable[str], size: int) -> dict[str, list[FacetValue]]:
    """The most frequent values of each field over all documents of a query; ties in the order of the values."""
    asked = [allowed(spec, name, "facet", lambda field: field.facet).name for name in dict.fromkeys(names)]
    if not asked:
        return {}
    terms = {name: {"terms": {"field": name, "size": size, "segment_size": SEGMENT_VALUES}} for name in asked}
    counted = searcher.aggregate(query, terms)
    return {name: _top(counted[name]["buckets"], size) for name in asked}


def exists(field: FieldSpec) -> Query:
    """Documents with a value in a fast field."""
    return Query.exists_query(field.name)


def equal(schema: Schema, field: FieldSpec, value: Any) -> Query:
    """Documents whose number, date (in microseconds) or keyword equals `value`."""
    if field.type == "keyword":
        return Query.term_query(schema, field.name, value)
    return _range(schema, field, value, value)


def allowed(spec: CollectionSpec, name: str, use: str, fits: Callable[[FieldSpec], bool]) -> FieldSpec:
    """The field of that name, if it supports the use. InvalidError lists the fields that do."""
    fields = {field.name: field for field in spec.fields if fits(field)}
    if use == "filter":
        fields.setdefault(ID, FieldSpec(name=ID, type="keyword"))
    if name not in fields:
        raise InvalidError(f"{name!r} can't be a {use} of {spec.name}; allowed: {', '.join(fields)}", field=name, allowed=list(fields))
    return fields[name]


def _top(buckets: list[dict[str, Any]], size: int) -> list[FacetValue]:
    best = sorted(buckets, key=lambda bucket: (-bucket["doc_count"], bucket["key"]))[:size]
    return [FacetValue(value=bucket["key"], count=bucket["doc_count"]) for bucket in best]


def _bound(field: FieldSpec, value: float | datetime | None) -> float | int | None:
    if value is None:
        return None
    if isinstance(value, datetime) != (field.type == "date"):
        raise InvalidError(f"{field.name} is a {field.type}, {value!r} is not", field=field.name)
    return micros(value) if isinstance(value, datetime) else float(value)


def _range(schema: Schema, field: FieldSpec, low: float | None, high: float | None) -> Query:
    if low is not None and high is not None and low > high:
        return Query.empty_query()
    return Query.range_query(schema, field.name, FieldType.Integer if field.type == "date" else FieldType.Float, low, high)
