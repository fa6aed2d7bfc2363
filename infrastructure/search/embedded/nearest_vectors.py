"""The documents nearest to a vector, exactly: every vector that may answer is looked at."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, Occur, Query, Schema, Searcher

from infrastructure.search.common.limits import FLOOR, NEIGHBOURS_MOST
from infrastructure.search.embedded.schema import KEY
from infrastructure.search.embedded.term_queries import count, one_of
from infrastructure.search.embedded.vectors import Snapshot
from services.ports.embeddings import Vectors

GATHER = 30_000  # documents whose vectors are picked out one by one; where more may answer, all are compared


class Neighbour(NamedTuple):
    """A document and how near it is: the cosine of the two vectors."""

    key: int
    address: DocAddress
    similarity: float


def neighbours(
    schema: Schema, searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query | None
) -> list[Neighbour]:
    """At most NEIGHBOURS_MOST documents that meet the condition, nearest first; ties in the order of their keys."""
    if not len(snapshot.keys) or len(vector) != snapshot.matrix.shape[1]:
        return []
    if condition is not None:
        possible = count(searcher, condition)
        if possible <= GATHER:
            return _picked(searcher, snapshot, vector, condition, possible) if possible else []
    return _compared(schema, searcher, snapshot, vector, condition)


def similarities(snapshot: Snapshot, keys: Sequence[int], vector: Vectors) -> list[float | None]:
    """The cosine of each document's vector with this one; None where it has none."""
    rows = snapshot.find(np.array(keys, dtype=np.int64))
    return [float(snapshot.matrix[row] @ vector) if row >= 0 else None for row in rows]


def keys_of(searcher: Searcher, addresses: list[DocAddress]) -> list[int]:
    """The key of each document."""
    return [int(key or 0) for key in searcher.fast_field_values(KEY, addresses)] if addresses else []


def with_keys(schema: Schema, keys: Sequence[int]) -> Query:
    """The documents of these keys."""
    return one_of(schema, KEY, keys) if keys else Query.empty_query()


def _picked(
    searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query, possible: int
) -> list[Neighbour]:
    addresses = [address for _, address in searcher.search(condition, limit=possible, count=False).hits]
    keys = np.array(keys_of(searcher, addresses), dtype=np.int64)
    rows = snapshot.find(keys)
    has = np.flatnonzero(rows >= 0)
    near = snapshot.matrix[rows[has]] @ vector
    return [
        Neighbour(int(keys[has[i]]), addresses[has[i]], float(near[i])) for i in _best(near, keys[has], NEIGHBOURS_MOST)
    ]


def _compared(
    schema: Schema, searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query | None
) -> list[Neighbour]:
    near = (snapshot.matrix @ vector)[snapshot.rows]
    found: list[Neighbour] = []
    size, start = NEIGHBOURS_MOST if condition is None else 2 * NEIGHBOURS_MOST, 0
    while len(found) < NEIGHBOURS_MOST:
        order = _best(near, snapshot.keys, start + size)[start:]
        if not len(order):
            break
        keys = snapshot.keys[order].tolist()
        wanted = with_keys(schema, keys)
        query = wanted if condition is None else Query.boolean_query([(Occur.Must, wanted), (Occur.Must, condition)])
        addresses = [address for _, address in searcher.search(query, limit=len(keys), count=False).hits]
        standing = dict(
            zip(keys_of(searcher, addresses), addresses, strict=True)
        )  # others are deleted, or fail the condition
        found += [
            Neighbour(key, standing[key], float(near[i])) for key, i in zip(keys, order, strict=True) if key in standing
        ]
        start, size = start + size, size * 4
    return found[:NEIGHBOURS_MOST]


def _best(near: Vectors, keys: NDArray[np.int64], most: int) -> list[int]:
    """Positions of the nearest, at most `most` and none below FLOOR."""
    chosen = np.flatnonzero(near >= FLOOR)
    if len(chosen) > most:
        edge = np.partition(near[chosen], -most)[-most]
        chosen = chosen[near[chosen] >= edge]
    ordered: list[int] = chosen[np.lexsort((keys[chosen], -near[chosen]))][:most].tolist()
    return ordered
