"""Two rankings made one: by reciprocal ranks, each with its weight."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tantivy import DocAddress

from infrastructure.search.common.rank_fusion import FIRST, share
from infrastructure.search.embedded.nearest_vectors import Neighbour


class Ranked(NamedTuple):
    """A document found, with its ranks from 1, as far as it has them."""

    key: int
    address: DocAddress
    score: float
    keyword_rank: int | None = None
    keyword_score: float | None = None
    semantic_rank: int | None = None
    similarity: float | None = None


def by_words(keys: Sequence[int], found: Sequence[tuple[float, DocAddress]], first_rank: int) -> list[Ranked]:
    """What was found by word."""
    pairs = zip(keys, found, strict=True)
    return [Ranked(key, address, score, keyword_rank=first_rank + i, keyword_score=score) for i, (key, (score, address)) in enumerate(pairs)]


def by_meaning(found: Sequence[Neighbour]) -> list[Ranked]:
    """What was found by meaning."""
    return [Ranked(one.key, one.address, one.similarity, semantic_rank=i, similarity=one.similarity) for i, one in enumerate(found, 1)]


def fused(
    words: Sequence[Ranked], meaning: Sequence[Ranked], weight: float, exact: Collection[int] = (), unembedded: Collection[int] = (), trust: float = 1.0
) -> list[Ranked]:
    """Both, the best first; `weight` is the share of meaning, from 0 to 1. Equals in the order of the stronger similarity, then of their keys.

    Of the `unembedded` nobody knows how near they are: their words count for both, as far as words are to be trusted (`trust`, from 0 to 1).
    """
    near = {one.key: one for one in meaning}
    scored = []
    for one in words:
        also = near.pop(one.key, one)
        known = _score(one.keyword_rank, also.semantic_rank, weight)
        score = (known if one.key not in unembedded else _score(one.keyword_rank, None, 1 - trust)) + (FIRST if one.key in exact else 0.0)
        scored.append(Ranked(one.key, one.address, score, one.keyword_rank, one.keyword_score, also.semantic_rank, also.similarity))
    for key, one in near.items():
        score = _score(None, one.semantic_rank, weight) + (FIRST if key in exact else 0.0)
        scored.append(Ranked(key, one.address, score, None, None, one.semantic_rank, one.similarity))
    return sorted(scored, key=lambda one: (-one.score, -(one.similarity or 0.0), one.key))


def _score(keyword_rank: int | None, semantic_rank: int | None, weight: float) -> float:
    return share(keyword_rank, 1 - weight) + share(semantic_rank, weight)
