"""One page of what matches.

Sorted pages break ties by id, so that turning pages neither repeats nor loses a document.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from tantivy import DocAddress, Occur, Order, Query, Schema, Searcher

from domain.search.queries import CollectionSpec, FieldSpec
from infrastructure.search.common.allowed_fields import sort_field
from infrastructure.search.common.identifiers import ID
from infrastructure.search.embedded.filters_and_facets import equal, exists
from infrastructure.search.embedded.term_queries import counted, every

Found = tuple[float, DocAddress]


class Page(NamedTuple):
    """A stretch of the hits, and how many there are in all: counting on the way costs nothing."""

    hits: list[Found]
    found: int


def by_relevance(searcher: Searcher, query: Query, offset: int, size: int) -> Page:
    """The best hits, with their scores."""
    result = searcher.search(query, limit=size, offset=offset)
    return Page([(score, address) for score, address in result.hits], counted(result))


def by_id(searcher: Searcher, query: Query, offset: int, size: int) -> Page:
    """In the order of the ids; where nothing is said, nothing is more relevant."""
    result = searcher.search(query, limit=size, offset=offset, order_by_field=ID, order=Order.Asc)
    return Page([(0.0, address) for _, address in result.hits], counted(result))


def by_field(
    spec: CollectionSpec, schema: Schema, searcher: Searcher, query: Query, sort: str, offset: int, size: int
) -> Page:
    """In the order of a field, descending with a leading '-'; documents without a value come last either way."""
    field = sort_field(spec, sort)
    order = Order.Desc if sort.startswith("-") else Order.Asc
    result = searcher.search(query, limit=offset + size + 1, order_by_field=field.name, order=order)
    found: list[Found] = []
    start = 0
    for value, group in groupby(result.hits, key=lambda hit: hit[0]):
        addresses = [address for _, address in group]
        end = start + len(addresses)
        low, high = max(start, offset), min(end, offset + size)
        if low < high:
            found += _tied(schema, searcher, query, field, value, addresses, low - start, high - low)
        start = end
    return Page(found, counted(result))


def _tied(
    schema: Schema,
    searcher: Searcher,
    query: Query,
    field: FieldSpec,
    value: Any,
    addresses: Sequence[DocAddress],
    offset: int,
    size: int,
) -> list[Found]:
    """The part of a group of equals that falls on the page."""
    if len(addresses) == 1 and offset == 0:
        return [(0.0, addresses[0])]
    missing = Query.boolean_query([(Occur.Must, query), (Occur.MustNot, exists(field))])
    return by_id(searcher, missing if value is None else every([query, equal(schema, field, value)]), offset, size).hits
