"""The synonyms of an installation in one file, and where they apply in a query."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from domain.search import Synonym
from infrastructure.search.common.analysis import words
from infrastructure.search.common.edits import plurals

Term = tuple[str, ...]


class SynonymFile:
    """`synonyms.json` in the search folder; whoever reads sees the last write."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "synonyms.json"
        self._seen: tuple[int, int] | None = None
        self._held: list[Synonym] = []
        self._looking = threading.Lock()

    def write(self, synonyms: Sequence[Synonym]) -> None:
        """These instead of those before, at one stroke."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f".synonyms.{os.getpid()}.{threading.get_ident()}")
        with new.open("wb") as file:
            file.write(orjson.dumps([one.model_dump() for one in synonyms]))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def read(self) -> list[Synonym]:
        """The synonyms; none where nobody wrote any."""
        with self._looking:
            try:
                state = self._path.stat()
            except FileNotFoundError:
                return []
            seen = (state.st_ino, state.st_mtime_ns)
            if seen != self._seen:
                self._held = [Synonym.model_validate(one) for one in orjson.loads(self._path.read_bytes())]
                self._seen = seen
            return list(self._held)


def alternatives(synonyms: Sequence[Synonym], typed: Sequence[Term]) -> Iterator[tuple[int, int, list[Term]]]:
    """(start, end, other terms) of each stretch of pieces, each of folded words, that has synonyms, the longest first where they overlap."""
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
    """Whole pieces that are the term together."""
    for start in range(len(typed) if term else 0):
        end, said = start, list[str]()
        while end < len(typed) and len(said) < len(term):
            said += typed[end]
            end += 1
        if len(said) == len(term) and all(map(_same, term, said)):
            yield start, end


def _same(word: str, typed: str) -> bool:
    return word == typed or word in plurals(typed)
