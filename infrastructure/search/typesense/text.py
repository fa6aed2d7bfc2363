"""What a person typed, as Typesense's `q`: the same chunks as the embedded engine reads, in words that need no further splitting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.search import Synonym
from domain.stop_words import saying
from infrastructure.search.common.analysis import words
from infrastructure.search.common.edits import plurals
from infrastructure.search.common.parse import Chunk, Parsed, parse
from infrastructure.search.common.synonyms import alternatives
from infrastructure.search.common.words import Words
from infrastructure.search.typesense.names import code_of

EVERYTHING = "*"
NOBODY = "0" * 40  # a word that no document has


@dataclass(frozen=True)
class Typed:
    """The pieces of a text. `free` ones may be missing in a document that is found, unless it is `strict`; those of the `frame` (phrases, exclusions) hold.

    `synonyms` are those of what is excluded; `whole` is the code that all of it would be.
    """

    free: tuple[Chunk, ...]
    frame: tuple[Chunk, ...]
    strict: bool = False
    synonyms: tuple[Synonym, ...] = ()
    whole: str = ""
    nothing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether there is anything to find by word."""
        return bool(self.free or self.frame)

    @property
    def q(self) -> str:
        """All of it."""
        return _q([*self.free, *self.frame], self.synonyms)

    @property
    def framing(self) -> str:
        """What must hold however a document is found."""
        return _q(self.frame, self.synonyms)

    @property
    def phrased(self) -> bool:
        """Whether the frame asks for anything, not only against."""
        return any(not chunk.excluded for chunk in self.frame)

    @property
    def unwanted(self) -> list[str]:
        """What the frame excludes, each as it would be sought."""
        return [one for chunk in self.frame if chunk.excluded for one in _sought(chunk, self.synonyms)]

    @property
    def size(self) -> int:
        """Words that may be missing."""
        return sum(1 if chunk.code else len(chunk.words) for chunk in self.free)

    @property
    def open_end(self) -> bool:
        """Whether the last word may be unfinished."""
        return any(chunk.open_end for chunk in self.free)

    @property
    def codes(self) -> list[str]:
        """The pieces that may be identifiers, each as one word."""
        return [_word(chunk) for chunk in self.free if chunk.code]

    @property
    def possible_codes(self) -> list[str]:
        """The pieces that may be identifiers, with or without a digit, each as one word."""
        return [_joined(chunk) for chunk in self.free if chunk.identifier]

    @property
    def codes_only(self) -> bool:
        """Whether it is nothing but identifiers."""
        return bool(self.free) and all(chunk.code for chunk in self.free)


def typed(text: str, *, strict: bool = False, synonyms: Sequence[Synonym] = ()) -> Typed:
    """The pieces of what was typed, without stop words where others remain; in a `strict` one every word is finished. `synonyms` are for what is excluded."""
    parsed = parse(text, strict=strict)
    chunks = [_in_a_row(_findable(chunk)) if strict else _findable(chunk) for chunk in parsed.chunks]
    plain = [chunk for chunk in chunks if not chunk.phrase and not chunk.excluded]
    frame = tuple(chunk for chunk in chunks if chunk.phrase or chunk.excluded)
    return Typed(_saying(plain), frame, strict, tuple(synonyms), _whole(parsed), parsed.nothing, parsed.notes)


def identified(text: Typed, codes: set[str]) -> Typed:
    """The text, of which a document has these codes as its identifiers: they are sought as such, and finished."""
    if text.whole in codes:
        return replace(text, free=(Chunk((text.whole,), text.whole, known=True),), frame=())
    return replace(text, free=tuple(replace(chunk, known=True, open_end=False) if _joined(chunk) in codes else chunk for chunk in text.free))


def like(text: str) -> Typed:
    """The words of a document that others are likened to."""
    return Typed(_saying(parse(" ".join(words(text))).chunks), ())


def marked(text: Typed, matched: Iterable[str]) -> Words:
    """The words to highlight: those typed, those of the other number, and those that the server says it matched."""
    found = Words()
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
            found.wholes.update({*chunk.spellings, code_of(chunk.whole)})
        if chunk.open_end and len(chunk.words[-1]) > 1:
            found.beginnings.add(chunk.words[-1])
    found.exact.update(matched)
    return found


def _saying(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    kept = saying([chunk.words[0] if len(chunk.words) == 1 else "" for chunk in chunks]) if chunks else []
    return tuple(chunk for chunk, says in zip(chunks, kept, strict=True) if says)


def _whole(parsed: Parsed) -> str:
    """The code that all of it would be; empty where it can be none."""
    possible = not any(chunk.excluded for chunk in parsed.chunks) and any(chunk.identifier for chunk in parsed.chunks)
    return code_of(parsed.whole) if possible else ""


def _findable(chunk: Chunk) -> Chunk:
    """A word that is too long for any index is sought as one that no document has: the server cuts it."""
    return replace(chunk, words=(NOBODY,), whole=NOBODY, typed="", adjacent=False) if chunk.missing else chunk


def _in_a_row(chunk: Chunk) -> Chunk:
    return replace(chunk, phrase=True) if chunk.adjacent and not chunk.excluded and not chunk.code else chunk


def _q(chunks: Sequence[Chunk], synonyms: Sequence[Synonym]) -> str:
    """The last word stays last, for it is the one that may be unfinished."""
    excluded = [f"-{one}" for chunk in chunks if chunk.excluded for one in _sought(chunk, synonyms)]
    phrases = [_quoted(chunk.words) for chunk in chunks if chunk.phrase and not chunk.excluded]
    free = [_word(chunk) for chunk in chunks if not chunk.phrase and not chunk.excluded]
    return " ".join([*([] if free or phrases else [EVERYTHING]), *phrases, *excluded, *free])


def _sought(chunk: Chunk, synonyms: Sequence[Synonym]) -> list[str]:
    """All that finds what an excluded piece leaves out: in either number, and by synonyms."""
    if chunk.phrase:
        return [_quoted(chunk.words)]
    *first, last = chunk.words
    rows = [(*first, form) for form in (last, *plurals(last))]
    for _, _, terms in alternatives(synonyms, [chunk.words]):
        rows += [(*term[:-1], form) for term in terms for form in (term[-1], *plurals(term[-1]))]
    code = [_joined(chunk)] if chunk.identifier else []
    return list(dict.fromkeys([*code, *(_quoted(row) if len(row) > 1 else row[0] for row in rows)]))


def _quoted(row: Sequence[str]) -> str:
    return f'"{" ".join(row)}"'


def _joined(chunk: Chunk) -> str:
    """The piece as one code."""
    return code_of(chunk.whole) or "".join(chunk.words)


def _word(chunk: Chunk) -> str:
    return _joined(chunk) if chunk.code else " ".join(chunk.words)
