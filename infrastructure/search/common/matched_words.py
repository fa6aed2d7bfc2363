"""The words that a query matches, by which hits are highlighted."""

from dataclasses import dataclass, field

from infrastructure.search.common.typing_errors import within


@dataclass
class MatchedWords:
    """The words that a query matches: exactly, by prefix, with typing errors, as a whole value, or
    (scripts without blanks) as a row of adjacent words."""

    exact: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    typos: set[tuple[str, int, bool]] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    synonyms: set[str] = field(default_factory=set)
    rows: set[tuple[str, ...]] = field(default_factory=set)

    def hold(self, word: str) -> bool:
        """Whether a folded word of a document is matched."""
        if word in self.exact or word.startswith(tuple(self.beginnings)):
            return True
        return any(within(typed, word, errors, prefix=prefix) for typed, errors, prefix in self.typos)
