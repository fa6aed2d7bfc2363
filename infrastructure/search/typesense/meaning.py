"""Finding by meaning, and by both: the nearest documents' ranks fused with those of the words, on our side, as the embedded engine does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.search import FacetValue, SearchQuery
from infrastructure.search.embedded.fusion import FIRST, STEADY

TOP = 250  # documents found by word whose ranks are fused: what one answer holds
Json = dict[str, Any]


@dataclass
class Ranks:
    """Ranks (from 1) by key, and what else is known of each document found; `exact` have an identifier as it was typed, `unembedded` no vector."""

    by_word: dict[str, int] = field(default_factory=dict)
    by_meaning: dict[str, int] = field(default_factory=dict)
    similarity: dict[str, float] = field(default_factory=dict)
    word_score: dict[str, float] = field(default_factory=dict)
    exact: set[str] = field(default_factory=set)
    unembedded: set[str] = field(default_factory=set)
    vectors: int = 0  # in all: fewer than documents where embed is behind
    weight: float = 0.5
    trust: float = 1.0

    def score(self, key: str) -> float:
        """The fused score; the similarity where nothing was sought by word."""
        if not self.by_word and not self.exact:
            return self.similarity.get(key, 0.0)
        known = _share(self.by_word.get(key), 1 - self.weight) + _share(self.by_meaning.get(key), self.weight)
        shares = known if key not in self.unembedded else _share(self.by_word.get(key), self.trust)  # as the embedded engine fuses them
        return shares + (FIRST if key in self.exact else 0.0)

    def fused(self) -> list[str]:
        """All keys, the best first; equals in the order of the stronger similarity, then of their keys."""
        keys = self.by_word.keys() | self.by_meaning.keys() | self.exact
        return sorted(keys, key=lambda key: (-self.score(key), -self.similarity.get(key, 0.0), key))


def merged(
    words: Mapping[str, Sequence[FacetValue]], others: Mapping[str, Sequence[FacetValue]], size: int, read: int
) -> tuple[dict[str, list[FacetValue]], list[str]]:
    """Facets of two sets without a document in common, and those of them that are not certain: `read` values of the first were read."""
    found: dict[str, list[FacetValue]] = {}
    uncertain: list[str] = []
    for name, values in words.items():
        counts = {one.value: one.count for one in values}
        unseen = 0
        for one in others.get(name, ()):
            unseen = max(unseen, 0 if one.value in counts else one.count)
            counts[one.value] = counts.get(one.value, 0) + one.count
        ranked = sorted((FacetValue(value=value, count=count) for value, count in counts.items()), key=lambda one: (-one.count, one.value))
        found[name] = ranked
        if len(values) >= read and (len(ranked) < size or ranked[size - 1].count <= values[-1].count + unseen):
            uncertain.append(name)
    return found, uncertain


def page_of(query: SearchQuery) -> slice:
    """The positions of the page asked for."""
    start = (query.page - 1) * query.per_page
    return slice(start, start + query.per_page)


def _share(rank: int | None, weight: float) -> float:
    return weight / (STEADY + rank) if rank is not None else 0.0
