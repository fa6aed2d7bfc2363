"""Fuses the server's rankings by keyword and by vector: Σ weight / (5 + rank).

The server's own fusion ranks hits that lack most of the words too high.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from infrastructure.search.common.rank_fusion import fused_score

KEYWORD_WEIGHT, VECTOR_WEIGHT = 0.8, 0.2  # at a `semantic_weight` of one half
LACKING = 0.1  # of its weight has the keyword rank of a hit that lacks a word


@dataclass
class Ranks:
    """Ranks from 1, by key. `exact` have an identifier as typed; `unembedded` have no vector."""

    keyword: Mapping[str, int] = field(default_factory=dict)
    semantic: Mapping[str, int] = field(default_factory=dict)
    similarity: Mapping[str, float] = field(default_factory=dict)
    keyword_score: Mapping[str, float] = field(default_factory=dict)
    lacking: Collection[str] = ()
    unembedded: Collection[str] = ()
    exact: Collection[str] = ()
    semantic_weight: float = 0.5

    def score(self, key: str) -> float:
        """The fused score; the similarity in a search by vector alone."""
        if not self.keyword and not self.exact:
            return self.similarity.get(key, 0.0)
        keyword, vector = KEYWORD_WEIGHT * (1 - self.semantic_weight), VECTOR_WEIGHT * self.semantic_weight
        trust = LACKING if key in self.lacking else 1.0
        rank, exact = self.keyword.get(key), key in self.exact
        if key in self.unembedded:
            return fused_score(rank, None, trust, 0.0, exact=exact)
        share = vector / (keyword + vector)
        return fused_score(rank, self.semantic.get(key), (1 - share) * trust, share, exact=exact)

    def explained(self, key: str) -> dict[str, float | None]:
        """The ranks of a document, and its similarity where it is among the nearest."""
        near = self.similarity.get(key)
        return {
            "keyword_rank": self.keyword.get(key),
            "keyword_score": self.keyword_score.get(key),
            "semantic_rank": self.semantic.get(key),
            "similarity": None if near is None else round(near, 4),
        }

    def fused(self) -> list[str]:
        """All keys, the best first; ties by similarity, then by key."""
        keys = self.keyword.keys() | self.semantic.keys() | set(self.exact)
        return sorted(keys, key=lambda key: (-self.score(key), -self.similarity.get(key, 0.0), key))
