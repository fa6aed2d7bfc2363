"""Weighted reciprocal rank fusion of a keyword ranking and a semantic ranking, for both engines."""

from collections.abc import Collection, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

SMOOTHING = 5.0  # the larger, the less the first ranks matter
EXACT_SCORE = 1.0  # added for an identifier as typed; above any fused score
Key = TypeVar("Key", int, str)
Handle = TypeVar("Handle")


class Ranked(NamedTuple, Generic[Key, Handle]):
    """A matched document with its keyword and semantic rank, from 1, or None.

    `handle` is what the engine reads the document by.
    """

    key: Key
    handle: Handle
    score: float
    keyword_rank: int | None = None
    keyword_score: float | None = None
    semantic_rank: int | None = None
    similarity: float | None = None


def by_words(found: Iterable[tuple[Key, Handle, float]], first_rank: int = 1) -> list[Ranked[Key, Handle]]:
    """Ranked documents of the keyword search, from (key, handle, score) in order."""
    return [
        Ranked(key, handle, score, keyword_rank=rank, keyword_score=score)
        for rank, (key, handle, score) in enumerate(found, first_rank)
    ]


def by_meaning(found: Iterable[tuple[Key, Handle, float]]) -> list[Ranked[Key, Handle]]:
    """Ranked documents of the semantic search, from (key, handle, similarity) in order."""
    return [
        Ranked(key, handle, similarity, semantic_rank=rank, similarity=similarity)
        for rank, (key, handle, similarity) in enumerate(found, 1)
    ]


def fused(
    words: Sequence[Ranked[Key, Handle]],
    meaning: Sequence[Ranked[Key, Handle]],
    weight: float,
    exact: Collection[Key] = (),
    unembedded: Collection[Key] = (),
    trust: float = 1.0,
) -> list[Ranked[Key, Handle]]:
    """Both rankings, the best first; `weight` is the share of the semantic one, from 0 to 1.

    Ties are in the order of similarity, then of keys. Documents without a vector (`unembedded`) have no semantic rank:
    their keyword rank counts for both, multiplied by `trust` (0 to 1).
    """
    semantic: dict[Key, Ranked[Key, Handle]] = {one.key: one for one in meaning}
    pairs = [(one, semantic.pop(one.key, one)) for one in words]
    pairs += [(one, one) for one in semantic.values()]
    scored = []
    for one, near in pairs:
        weights = (trust, 0.0) if one.key in unembedded else (1 - weight, weight)
        score = fused_score(one.keyword_rank, near.semantic_rank, *weights, exact=one.key in exact)
        scored.append(one._replace(score=score, semantic_rank=near.semantic_rank, similarity=near.similarity))
    return sorted(scored, key=lambda one: (-one.score, -(one.similarity or 0.0), one.key))


def fused_score(
    keyword_rank: int | None,
    semantic_rank: int | None,
    keyword_weight: float,
    semantic_weight: float,
    *,
    exact: bool = False,
) -> float:
    """The score of a document in both rankings; a rank of None adds nothing."""
    ranks = (keyword_rank, keyword_weight), (semantic_rank, semantic_weight)
    shares = sum(weight / (SMOOTHING + rank) for rank, weight in ranks if rank is not None)
    return shares + (EXACT_SCORE if exact else 0.0)
