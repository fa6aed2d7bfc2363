"""Finds the parts of a query that have synonyms."""

from collections.abc import Iterator, Sequence

from domain.search.queries import Synonym
from infrastructure.search.common.text_analysis import words
from infrastructure.search.common.typing_errors import plurals

Term = tuple[str, ...]


def alternatives(synonyms: Sequence[Synonym], typed: Sequence[Term]) -> Iterator[tuple[int, int, list[Term]]]:
    """(start, end, synonyms) of each range of query parts that has synonyms; of overlapping ranges the longest."""
    found: dict[tuple[int, int], dict[Term, None]] = {}
    for synonym in synonyms:
        terms = [term for word in synonym.words if (term := tuple(words(word)))]
        root = tuple(words(synonym.root)) if synonym.root else None
        for term in terms if root is None else [root]:
            for place in _places(term, typed):
                others = found.setdefault(place, {})
                others.update(dict.fromkeys(other for other in terms if other != term))
    taken: set[int] = set()
    for start, end in sorted(found, key=lambda place: (place[0] - place[1], place[0])):
        if not taken & set(range(start, end)):
            taken.update(range(start, end))
            yield start, end, list(found[start, end])


def _places(term: Term, typed: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Ranges of whole query parts that equal the term."""
    for start in range(len(typed) if term else 0):
        end, joined = start, list[str]()
        while end < len(typed) and len(joined) < len(term):
            joined += typed[end]
            end += 1
        if len(joined) == len(term) and all(map(_same, term, joined)):
            yield start, end


def _same(word: str, typed: str) -> bool:
    return word == typed or word in plurals(typed)
