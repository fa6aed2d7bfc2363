"""Exact nearest-neighbour search: every vector that may match is compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, Occur, Query, Schema, Searcher

from infrastructure.search.embedded.schema import KEY
from infrastructure.search.embedded.term_queries import count, one_of
from infrastructure.search.embedded.vectors import Snapshot
from services.ports.embeddings import Vectors

MOST = 100  # neighbours that a semantic search finds
FLOOR = 0.2  # cosine below which two texts are unrelated
GATHER_DOCUMENTS = 30_000  # up to this many candidates are compared one by one; above, all vectors are


@dataclass(frozen=True)
class Neighbour:
    """A document and its similarity: the cosine of the two vectors."""

    key: int
    address: DocAddress
    similarity: float


def neighbours(schema: Schema, searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query | None) -> list[Neighbour]:
    """At most MOST documents that meet the condition, the most similar first; ties in the order of their keys."""
    if not len(snapshot.keys) or len(vector) != snapshot.matrix.shape[1]:
        return []
    if condition is not None:
        possible = count(searcher, condition)
        if possible <= GATHER_DOCUMENTS:
            return _compare_candidates(searcher, snapshot, vector, condition, possible) if possible else []
    return _compare_all(schema, searcher, snapshot, vector, condition)


def similarities(snapshot: Snapshot, keys: Sequence[int], vector: Vectors) -> list[float | None]:
    """The cosine between each document's vector and this one; None for documents without one."""
    rows = snapshot.find(np.array(keys, dtype=np.int64))
    return [float(snapshot.matrix[row] @ vector) if row >= 0 else None for row in rows]


def keys_of(searcher: Searcher, addresses: list[DocAddress]) -> list[int]:
    """The keys of the documents, in order."""
    return [int(key or 0) for key in searcher.fast_field_values(KEY, addresses)] if addresses else []


def with_keys(schema: Schema, keys: Sequence[int]) -> Query:
    """A query for the documents with these keys."""
    return one_of(schema, KEY, keys) if keys else Query.empty_query()


def _compare_candidates(searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query, possible: int) -> list[Neighbour]:
    addresses = [address for _, address in searcher.search(condition, limit=possible, count=False).hits]
    keys = np.array(keys_of(searcher, addresses), dtype=np.int64)
    rows = snapshot.find(keys)
    has = np.flatnonzero(rows >= 0)
    cosines = snapshot.matrix[rows[has]] @ vector
    return [Neighbour(int(keys[has[i]]), addresses[has[i]], float(cosines[i])) for i in _best(cosines, keys[has], MOST)]


def _compare_all(schema: Schema, searcher: Searcher, snapshot: Snapshot, vector: Vectors, condition: Query | None) -> list[Neighbour]:
    cosines = (snapshot.matrix @ vector)[snapshot.rows]
    found: list[Neighbour] = []
    size, start = MOST if condition is None else 2 * MOST, 0
    while len(found) < MOST:
        order = _best(cosines, snapshot.keys, start + size)[start:]
        if not len(order):
            break
        keys = snapshot.keys[order].tolist()
        wanted = with_keys(schema, keys)
        query = wanted if condition is None else Query.boolean_query([(Occur.Must, wanted), (Occur.Must, condition)])
        addresses = [address for _, address in searcher.search(query, limit=len(keys), count=False).hits]
        # Others are deleted, or don't meet the condition.
        matching = dict(zip(keys_of(searcher, addresses), addresses, strict=True))
        found += [Neighbour(key, matching[key], float(cosines[i])) for key, i in zip(keys, order, strict=True) if key in matching]
        start, size = start + size, size * 4
    return found[:MOST]


def _best(cosines: Vectors, keys: NDArray[np.int64], most: int) -> list[int]:
    """Positions of the at most `most` nearest, none below FLOOR."""
    chosen = np.flatnonzero(cosines >= FLOOR)
    if len(chosen) > most:
        edge = np.partition(cosines[chosen], -most)[-most]
        chosen = chosen[cosines[chosen] >= edge]
    ordered: list[int] = chosen[np.lexsort((keys[chosen], -cosines[chosen]))][:most].tolist()
    return ordered
