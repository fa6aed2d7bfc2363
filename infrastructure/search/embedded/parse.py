"""What a person typed, as chunks: words, codes, `"phrases"` and `-exclusions`. Nothing that can be typed is an error."""

import re
from dataclasses import dataclass

from infrastructure.search.embedded.analysis import has_digit, whole, words

CHUNK = re.compile(r'(-?)"([^"]*)"|(\S+)')
QUOTES = str.maketrans("“”„«»", '"""""')
LONGEST = 2_000  # characters of a query that are read
MOST = 40  # chunks of a query that are read


@dataclass(frozen=True)
class Chunk:
    """One piece of a query. `words` are folded; `whole` is the piece as one folded term, as an identifier would be."""

    words: tuple[str, ...]
    whole: str
    phrase: bool = False
    excluded: bool = False
    open_end: bool = False

    @property
    def code(self) -> bool:
        """Whether it may be an identifier: it is then also looked up whole, and never corrected."""
        return not self.phrase and has_digit(self.whole)


def parse(text: str) -> list[Chunk]:
    """The chunks of a query; the last word is open-ended, because the person may still be typing it."""
    chunks = [chunk for match in CHUNK.finditer(text[:LONGEST].translate(QUOTES)) if (chunk := _chunk(*match.groups())).words][:MOST]
    if chunks and not chunks[-1].phrase and not chunks[-1].excluded:
        last = chunks[-1]
        chunks[-1] = Chunk(last.words, last.whole, open_end=True)
    return chunks


def _chunk(minus: str | None, quoted: str | None, plain: str | None) -> Chunk:
    if quoted is not None:
        return Chunk(tuple(words(quoted)), whole(quoted), phrase=True, excluded=bool(minus))
    plain = plain or ""
    excluded = len(plain) > 1 and plain.startswith("-")
    bare = (plain[1:] if excluded else plain).strip('",;()')
    found, term = words(bare), whole(bare)
    return Chunk(tuple(found) if has_digit(term) else _meant(found), term, excluded=excluded)


def _meant(found: list[str]) -> tuple[str, ...]:
    """Without the single letters that apostrophes and hyphens split off: council's, e-procurement."""
    long = tuple(word for word in found if len(word) > 1)
    return long if len(found) > 1 and long else tuple(found)
