"""What a person typed, as Typesense's `q`: the same chunks as the embedded engine reads, in words that need no further
splitting.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.search.queries import Synonym
from infrastructure.search.common.matched_words import MatchedWords
from infrastructure.search.common.query_parsing import QueryPart, parse, similar_parts, without_stop_words
from infrastructure.search.common.synonym_matching import alternatives
from infrastructure.search.common.text_analysis import all_words
from infrastructure.search.common.typing_errors import plurals

EVERYTHING = "*"
NOBODY = "0" * 40  # a word that no document has: in place of one that is too long for any index
Quoting = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Typed:
    """The pieces of a text. `free` ones may be missing in a document that is found, unless it is `strict`; those of the
    `frame` (phrases, exclusions) hold.

    `synonyms` are those of what is excluded; `whole` holds the spellings of the identifier that all of it may be.
    """

    free: tuple[QueryPart, ...]
    frame: tuple[QueryPart, ...]
    strict: bool = False
    synonyms: tuple[Synonym, ...] = ()
    whole: tuple[str, ...] = ()
    nothing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether there is anything to find by word."""
        return bool(self.free or self.frame)

    @property
    def q(self) -> str:
        """All of it; a code of several parts as a phrase."""
        return self._q(_quoted)

    @property
    def loose(self) -> str:
        """The same, in which the parts of a code may stand apart: a phrase is never left out."""
        return self._q(" ".join)

    @property
    def framing(self) -> str:
        """What must hold however a document is found."""
        return Typed((), self.frame, synonyms=self.synonyms).q

    @property
    def size(self) -> int:
        """Words that may be missing; a code counts as one."""
        return sum(1 if chunk.code else len(_words(chunk)) for chunk in self.free)

    @property
    def tokens(self) -> int:
        """Words that the server counts."""
        return sum(len(_words(chunk)) for chunk in self.free)

    @property
    def open_end(self) -> bool:
        """Whether the last word may be unfinished."""
        return any(chunk.open_end for chunk in self.free)

    @property
    def spellings(self) -> list[str]:
        """Every identifier that a piece of it may be."""
        return list(dict.fromkeys(spelling for chunk in self.free if chunk.identifier for spelling in chunk.spellings))

    @property
    def codes_only(self) -> bool:
        """Whether it is nothing but codes."""
        return bool(self.free) and all(chunk.code for chunk in self.free)

    def _q(self, code: Quoting) -> str:
        """The last word stays last, for it is the one that may be unfinished."""
        excluded = [f"-{one}" for chunk in self.frame if chunk.excluded for one in _sought(chunk, self.synonyms)]
        phrases = [_quoted(_words(chunk)) for chunk in self.frame if not chunk.excluded]
        free = [self._free(chunk, code) for chunk in self.free]
        return " ".join([*([] if free or phrases else [EVERYTHING]), *phrases, *excluded, *free])

    def _free(self, chunk: QueryPart, code: Quoting) -> str:
        found = _words(chunk)
        return (code if chunk.code else _quoted if self.strict and chunk.adjacent else " ".join)(found)


def typed(text: str, *, strict: bool = False, synonyms: Sequence[Synonym] = ()) -> Typed:
    """The pieces of what was typed, without stop words where others remain; in a `strict` one every word is finished.

    `synonyms` are for what is excluded.
    """
    parsed = parse(text, strict=strict)
    free = tuple(without_stop_words(parsed.plain))
    frame = tuple(chunk for chunk in parsed.chunks if chunk.phrase or chunk.excluded)
    whole = tuple(parsed.identifier_spellings)
    return Typed(free, frame, strict, tuple(synonyms), whole, parsed.nothing, parsed.notes)


def like(text: str) -> Typed:
    """The words of a document that others are likened to."""
    return Typed(tuple(similar_parts(text)), ())


def marked(text: Typed, matched: Iterable[str]) -> MatchedWords:
    """The words to highlight: those typed, those of the other number, and those that the server says it matched."""
    found = MatchedWords()
    for chunk in (*text.free, *text.frame):
        if chunk.excluded:
            continue
        if chunk.adjacent:
            found.rows.add(chunk.words)
            continue
        found.exact.update(chunk.words)
        if not chunk.phrase:
            found.exact.update(other for word in chunk.words for other in plurals(word))
        if chunk.code:
            found.wholes.update(chunk.spellings)
        if chunk.open_end and len(chunk.words[-1]) > 1:
            found.beginnings.add(chunk.words[-1])
    found.wholes.update(text.whole)
    found.exact.update(matched)
    return found


def _words(chunk: QueryPart) -> list[str]:
    """The words of a piece; of a code those without scheme and check digit."""
    if chunk.missing:
        return [NOBODY]
    return (all_words(chunk.spellings[-1]) or list(chunk.words)) if chunk.code else list(chunk.words)


def _sought(chunk: QueryPart, synonyms: Sequence[Synonym]) -> list[str]:
    """The texts that an excluded piece leaves out, with synonyms; the other number of a word is found as it is."""
    rows = [tuple(_words(chunk))]
    if not chunk.phrase:
        rows += [term for _, _, terms in alternatives(synonyms, [chunk.words]) for term in terms]
    return [_quoted(row) for row in dict.fromkeys(rows)]


def _quoted(row: Sequence[str]) -> str:
    return f'"{" ".join(row)}"' if len(row) > 1 else row[0]
