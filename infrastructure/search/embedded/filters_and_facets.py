"""Filters, facets and their refusals: which fields can be asked for what, and what each condition is to tantivy."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tantivy import FieldType, Query, Schema, Searcher

from domain.search.queries import CollectionSpec, FacetValue, FieldSpec, Filter
from infrastructure.search.common.allowed_fields import facet_fields, filter_field
from infrastructure.search.common.instants import micros
from infrastructure.search.embedded.term_queries import one_of

EXACT = 1_000_000  # distinct values a segment may count, so that the counts are right over all segments


def filter_query(spec: CollectionSpec, schema: Schema, condition: Filter) -> Query:
    """The documents that meet a condition. InvalidError where the field can't be asked so."""
    field = filter_field(spec, condition)
    if field.type == "keyword":
        return one_of(schema, field.name, condition.values)
    return _range(
        schema, field, *(micros(one) if isinstance(one, datetime) else one for one in (condition.gte, condition.lte))
    )


def facets(
    spec: CollectionSpec, searcher: Searcher, query: Query, names: Iterable[str], size: int
) -> dict[str, list[FacetValue]]:
    """The most frequent values of each field over all documents of a query; equals in the order of the values."""
    asked = facet_fields(spec, names)
    if not asked:
        return {}
    terms = {name: {"terms": {"field": name, "size": size, "segment_size": EXACT}} for name in asked}
    counted = searcher.aggregate(query, terms)
    return {name: _top(counted[name]["buckets"], size) for name in asked}


def exists(field: FieldSpec) -> Query:
    """Documents that have a value in a fast field."""
    return Query.exists_query(field.name)


def equal(schema: Schema, field: FieldSpec, value: Any) -> Query:
    """Documents whose number, date (microseconds) or keyword is exactly this."""
    if field.type == "keyword":
        return Query.term_query(schema, field.name, value)
    return _range(schema, field, value, value)


def _top(buckets: list[dict[str, Any]], size: int) -> list[FacetValue]:
    best = sorted(buckets, key=lambda bucket: (-bucket["doc_count"], bucket["key"]))[:size]
    return [FacetValue(value=bucket["key"], count=bucket["doc_count"]) for bucket in best]


def _range(schema: Schema, field: FieldSpec, low: float | None, high: float | None) -> Query:
    if low is not None and high is not None and low > high:
        return Query.empty_query()
    return Query.range_query(
        schema, field.name, FieldType.Integer if field.type == "date" else FieldType.Float, low, high
    )
