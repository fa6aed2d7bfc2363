"""Fuses two rankings by weighted reciprocal ranks."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tantivy import DocAddress

from infrastructure.search.common.rank_fusion import FIRST, share
from infrastructure.search.embedded.nearest_vectors import Neighbour


class Ranked(NamedTuple):
    """A matched document with its keyword and semantic rank, from 1, or None."""

    key: int
    address: DocAddress
    score: float
    keyword_rank: int | None = None
    keyword_score: float | None = None
    semantic_rank: int | None = None
    similarity: float | None = None


def by_words(keys: Sequence[int], found: Sequence[tuple[float, DocAddress]], first_rank: int) -> list[Ranked]:
    """Ranked documents of the keyword search."""
    pairs = zip(keys, found, strict=True)
    return [
        Ranked(key, address, score, keyword_rank=first_rank + i, keyword_score=score)
        for i, (key, (score, address)) in enumerate(pairs)
    ]


def by_meaning(found: Sequence[Neighbour]) -> list[Ranked]:
    """Ranked documents of the semantic search."""
    return [
        Ranked(ranked.key, ranked.address, ranked.similarity, semantic_rank=i, similarity=ranked.similarity)
        for i, ranked in enumerate(found, 1)
    ]


def fused(
    words: Sequence[Ranked],
    meaning: Sequence[Ranked],
    weight: float,
    exact: Collection[int] = (),
    unembedded: Collection[int] = (),
    trust: float = 1.0,
) -> list[Ranked]:
    """Both rankings, the best first; `weight` is the share of the semantic one, from 0 to 1.

    Ties are in the order of similarity, then of keys. Documents without a vector (`unembedded`) have no semantic rank:
    their keyword rank counts for both, multiplied by `trust` (0 to 1).
    """
    by_key = {ranked.key: ranked for ranked in meaning}
    scored = []
    for ranked in words:
        semantic = by_key.pop(ranked.key, ranked)
        known = _score(ranked.keyword_rank, semantic.semantic_rank, weight)
        score = (known if ranked.key not in unembedded else _score(ranked.keyword_rank, None, 1 - trust)) + (
            FIRST if ranked.key in exact else 0.0
        )
        scored.append(
            Ranked(
                ranked.key,
                ranked.address,
                score,
                ranked.keyword_rank,
                ranked.keyword_score,
                semantic.semantic_rank,
                semantic.similarity,
            )
        )
    for key, ranked in by_key.items():
        score = _score(None, ranked.semantic_rank, weight) + (FIRST if key in exact else 0.0)
        scored.append(Ranked(key, ranked.address, score, None, None, ranked.semantic_rank, ranked.similarity))
    return sorted(scored, key=lambda ranked: (-ranked.score, -(ranked.similarity or 0.0), ranked.key))


def _score(keyword_rank: int | None, semantic_rank: int | None, weight: float) -> float:
    return share(keyword_rank, 1 - weight) + share(semantic_rank, weight)
