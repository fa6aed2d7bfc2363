"""What a person typed, as Typesense's `q`: the same chunks as the embedded engine reads, in words that need no further splitting."""

from collections.abc import Sequence
from dataclasses import dataclass

from infrastructure.search.embedded.edits import plurals
from infrastructure.search.embedded.matching import Words
from infrastructure.search.embedded.parse import Chunk, parse
from infrastructure.search.typesense.names import code_of

EVERYTHING = "*"


@dataclass(frozen=True)
class Typed:
    """`q` and what it stands for. `free` counts the words that may be missing; `literal` says that something is taken as it stands."""

    q: str
    chunks: tuple[Chunk, ...]
    free: int
    literal: bool
    open_end: bool
    codes_only: bool

    @property
    def asks(self) -> bool:
        """Whether there is anything to find by word."""
        return bool(self.chunks)


def typed(text: str) -> Typed:
    """The query of a text."""
    chunks = tuple(parse(text))
    free = [chunk for chunk in chunks if not chunk.phrase and not chunk.excluded]
    q = " ".join(filter(None, map(_chunk, chunks)))
    return Typed(
        q=q if free or any(chunk.phrase and not chunk.excluded for chunk in chunks) else f"{EVERYTHING} {q}".strip(),
        chunks=chunks,
        free=sum(1 if chunk.code else len(chunk.words) for chunk in free),
        literal=len(free) < len(chunks),
        open_end=any(chunk.open_end for chunk in chunks),
        codes_only=bool(free) and all(chunk.code for chunk in free),
    )


def _chunk(chunk: Chunk) -> str:
    minus = "-" if chunk.excluded else ""
    if chunk.phrase or (chunk.excluded and len(chunk.words) > 1 and not _identifier(chunk)):
        return f'{minus}"{" ".join(chunk.words)}"'
    if _identifier(chunk):
        return minus + (code_of(chunk.whole) or "".join(chunk.words))
    return minus + " ".join(chunk.words)


def _identifier(chunk: Chunk) -> bool:
    return not chunk.phrase and any(letter.isdigit() for letter in chunk.whole)


def marked(chunks: Sequence[Chunk], matched: Sequence[str]) -> Words:
    """The words to highlight: those typed, those of the other number, and those that the server says it matched."""
    found = Words()
    for chunk in chunks:
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
