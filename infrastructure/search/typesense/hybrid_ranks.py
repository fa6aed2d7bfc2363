"""Two rankings of the server made one: words and meaning by their reciprocal ranks.

Its own fusion lets words that were dropped pull nonsense up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infrastructure.search.common.rank_fusion import fused_score

WORDS, MEANING = 0.8, 0.2  # the weights at a share of meaning of one half
FEWER = 0.1  # of the weight of words, where a document has not all of them


@dataclass
class Ranks:
    """Ranks (from 1) by key.

    `fewer` lack a word, `exact` have an identifier as it was typed; of the `unembedded` nobody knows how near they are.
    """

    by_word: Mapping[str, int] = field(default_factory=dict)
    by_meaning: Mapping[str, int] = field(default_factory=dict)
    similarity: Mapping[str, float] = field(default_factory=dict)
    word_score: Mapping[str, float] = field(default_factory=dict)
    fewer: frozenset[str] = frozenset()
    unembedded: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    meaning: float = 0.5

    def score(self, key: str) -> float:
        """The fused score; the similarity where nothing was sought by word."""
        if not self.by_word and not self.exact:
            return self.similarity.get(key, 0.0)
        words, meaning = WORDS * (1 - self.meaning), MEANING * self.meaning
        trust = FEWER if key in self.fewer else 1.0
        rank, exact = self.by_word.get(key), key in self.exact
        if key in self.unembedded:
            return fused_score(rank, None, trust, 0.0, exact=exact)
        share = meaning / (words + meaning)
        return fused_score(rank, self.by_meaning.get(key), (1 - share) * trust, share, exact=exact)

    def fused(self) -> list[str]:
        """All keys, the best first; equals in the order of the stronger similarity, then of their keys."""
        keys = self.by_word.keys() | self.by_meaning.keys() | self.exact
        return sorted(keys, key=lambda key: (-self.score(key), -self.similarity.get(key, 0.0), key))
