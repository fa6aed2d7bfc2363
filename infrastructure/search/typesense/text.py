"""What a person typed, as Typesense's `q`: the same chunks as the embedded engine reads, in words that need no further splitting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.stop_words import saying
from infrastructure.search.common.analysis import words
from infrastructure.search.common.edits import plurals
from infrastructure.search.common.words import Words
from infrastructure.search.common.parse import Chunk, parse
from infrastructure.search.typesense.names import code_of

EVERYTHING = "*"


@dataclass(frozen=True)
class Typed:
    """The pieces of a text. `free` ones may be missing in a document that is found, unless it is `strict`; those of the `frame` (phrases, exclusions) hold."""

    free: tuple[Chunk, ...]
    frame: tuple[Chunk, ...]
    strict: bool = False

    @property
    def asks(self) -> bool:
        """Whether there is anything to find by word."""
        return bool(self.free or self.frame)

    @property
    def q(self) -> str:
        """All of it."""
        return _q([*self.free, *self.frame])

    @property
    def framing(self) -> str:
        """What must hold however a document is found."""
        return _q(self.frame)

    @property
    def phrased(self) -> bool:
        """Whether the frame asks for anything, not only against."""
        return any(not chunk.excluded for chunk in self.frame)

    @property
    def unwanted(self) -> list[str]:
        """What the frame excludes, each as it would be sought."""
        return [_framed(replace(chunk, excluded=False)) for chunk in self.frame if chunk.excluded]

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
    def codes_only(self) -> bool:
        """Whether it is nothing but identifiers."""
        return bool(self.free) and all(chunk.code for chunk in self.free)


def typed(text: str, *, strict: bool = False) -> Typed:
    """The pieces of what was typed, without stop words where others remain; in a `strict` one every word is finished."""
    chunks = [replace(chunk, open_end=chunk.open_end and not strict) for chunk in parse(text)]
    plain = [chunk for chunk in chunks if not chunk.phrase and not chunk.excluded]
    return Typed(_saying(plain), tuple(chunk for chunk in chunks if chunk.phrase or chunk.excluded), strict)


def like(text: str) -> Typed:
    """The words of a document that others are likened to."""
    return Typed(_saying(parse(" ".join(words(text)))), ())


def marked(text: Typed, matched: Iterable[str]) -> Words:
    """The words to highlight: those typed, those of the other number, and those that the server says it matched."""
    found = Words()
    for chunk in (*text.free, *text.frame):
        if chunk.excluded:
            continue
        found.exact.update(chunk.words)
        if not chunk.phrase:
            found.exact.update(other for word in chunk.words for other in plurals(word))
        if chunk.code:
            found.wholes.update({chunk.whole, chunk.whole.rsplit(":", 1)[-1], code_of(chunk.whole)})
        if chunk.open_end and len(chunk.words[-1]) > 1:
            found.beginnings.add(chunk.words[-1])
    found.exact.update(matched)
    return found


def _saying(chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    kept = saying([chunk.words[0] if len(chunk.words) == 1 else "" for chunk in chunks]) if chunks else []
    return tuple(chunk for chunk, says in zip(chunks, kept, strict=True) if says)


def _q(chunks: Sequence[Chunk]) -> str:
    """The last word stays last, for it is the one that may be unfinished."""
    frame = [_framed(chunk) for chunk in chunks if chunk.phrase or chunk.excluded]
    free = [_word(chunk) for chunk in chunks if not chunk.phrase and not chunk.excluded]
    wanted = free or any(chunk.phrase and not chunk.excluded for chunk in chunks)
    return " ".join([*([] if wanted else [EVERYTHING]), *frame, *free])


def _framed(chunk: Chunk) -> str:
    minus = "-" if chunk.excluded else ""
    if chunk.phrase or (len(chunk.words) > 1 and not chunk.code):
        return f'{minus}"{" ".join(chunk.words)}"'
    return minus + _word(chunk)


def _word(chunk: Chunk) -> str:
    return (code_of(chunk.whole) if chunk.code else "") or " ".join(chunk.words)
