"""The words that a query stands for, by which hits are highlighted."""

from dataclasses import dataclass, field

from infrastructure.search.common.typing_errors import within


@dataclass
class MatchedWords:
    """The words a query stands for: as they are, by their beginning, within some errors, or, of scripts without blanks, several in a row."""

    exact: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    typos: set[tuple[str, int, bool]] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    synonyms: set[str] = field(default_factory=set)
    rows: set[tuple[str, ...]] = field(default_factory=set)

    def hold(self, word: str) -> bool:
        """Whether a folded word of a document is one of them."""
        if word in self.exact or word.startswith(tuple(self.beginnings)):
            return True
        return any(within(typed, word, errors, prefix=prefix) for typed, errors, prefix in self.typos)
