"""Finding by meaning, and by both: the nearest documents' ranks fused with those of the words, on our side, as the embedded engine does it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.search import FacetValue, SearchQuery

NEAREST = 200  # documents that meaning finds
TOP = 250  # documents found by word whose ranks are fused: what one answer holds
K = 60.0  # of reciprocal rank fusion: how slowly the weight of a rank falls
Json = dict[str, Any]


@dataclass
class Ranks:
    """Ranks (from 1) by key, and what else is known of each document found."""

    by_word: dict[str, int] = field(default_factory=dict)
    by_meaning: dict[str, int] = field(default_factory=dict)
    similarity: dict[str, float] = field(default_factory=dict)

    def score(self, key: str, weight: float) -> float:
        """The fused score; `weight` is the share of meaning."""
        return _share(self.by_word.get(key), 1 - weight) + _share(self.by_meaning.get(key), weight)

    def fused(self, weight: float) -> list[str]:
        """All keys, the best first, equals by their names."""
        keys = self.by_word.keys() | self.by_meaning.keys()
        return sorted(keys, key=lambda key: (-self.score(key, weight), key))


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
    return weight / (K + rank) if rank is not None else 0.0
