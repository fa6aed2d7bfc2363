"""Parses a query into parts: words, codes, `"phrases"` and `-exclusions`. Every text is a valid query.

Notes report parts that are not searched.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

from domain.search.queries import QUERY_CHARACTERS
from domain.search.stop_words import searched_words
from domain.shared.classification_codes import shorter_spellings
from infrastructure.search.common.text_analysis import (
    WORD_MAX_BYTES,
    all_words,
    has_digit,
    too_long,
    unspaced,
    whole,
    words,
)

CHUNK = re.compile(r'(-?)"([^"]*)"|(\S+)')
QUOTES = str.maketrans("“”„«»", '"""""')
SIGN_INSIDE = re.compile(r"\w[^\w\s]+\w")
MAX_PARTS = 40  # parts of a query that are searched, unless it is strict
SHOWN_CHARACTERS = 20  # characters of a long word in a note
NO_WORD = "the query has no letter or digit to search for, so nothing was found"


@dataclass(frozen=True)
class QueryPart:
    """One part of a query. `words` are folded; `whole` is the part as one folded term, as identifiers are indexed.

    `typed`: like `whole`, with brackets and commas around it. `adjacent`: words of a script without blanks. `known`:
    a document has it as an identifier.
    """

    words: tuple[str, ...]
    whole: str
    phrase: bool = False
    excluded: bool = False
    open_end: bool = False
    typed: str = ""
    adjacent: bool = False
    known: bool = False

    @property
    def code(self) -> bool:
        """Whether it may be an identifier: it is then also searched as a whole, and never corrected."""
        return not self.phrase and (self.known or has_digit(self.whole))

    @property
    def identifier(self) -> bool:
        """Whether it is searched among identifiers: it has a digit, or a sign between letters."""
        return has_digit(self.whole) or SIGN_INSIDE.search(self.whole) is not None

    @property
    def spellings(self) -> list[str]:
        """The identifiers that it may mean: as typed, and without brackets, scheme or check digit."""
        return list(
            dict.fromkeys(form for text in (self.whole, self.typed) if text for form in shorter_spellings(text))
        )

    @property
    def foreign(self) -> bool:
        """Whether it has a script without blanks, which the packaged (English) models don't support."""
        return unspaced(self.whole)

    @property
    def missing(self) -> bool:
        """Whether it has a word that is too long to be indexed, so that no document matches."""
        return any(map(too_long, self.words))


@dataclass(frozen=True)
class ParsedQuery:
    """A parsed query. `whole`: all of it as one folded term; `notes`: what is not searched."""

    chunks: tuple[QueryPart, ...]
    whole: str = ""
    blank: bool = True
    notes: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the query is not blank but nothing of it can match."""
        wanted = [chunk for chunk in self.chunks if not chunk.excluded]
        return not self.blank and (not self.chunks or (bool(wanted) and all(chunk.missing for chunk in wanted)))

    @property
    def plain(self) -> list[QueryPart]:
        """The parts that are neither phrases nor exclusions."""
        return [chunk for chunk in self.chunks if not chunk.phrase and not chunk.excluded]

    @property
    def identifier_spellings(self) -> list[str]:
        """The spellings of the identifier that the whole query may be; empty if it is none."""
        if any(chunk.excluded or chunk.missing for chunk in self.chunks) or not any(
            chunk.identifier for chunk in self.chunks
        ):
            return []
        return self.chunks[0].spellings if len(self.chunks) == 1 else [self.whole]


def parse(text: str, *, strict: bool = False) -> ParsedQuery:
    """Parse a query. The last word matches as a prefix, unless `strict`, as the user may be typing."""
    if not text.strip():
        return ParsedQuery(())
    searched = _limit_length(text)
    found = [chunk for match in CHUNK.finditer(searched.translate(QUOTES)) if (chunk := _chunk(*match.groups())).words]
    notes = (
        []
        if searched == text.strip()
        else [f"only the first {QUERY_CHARACTERS:,} characters of the query were searched"]
    )
    if len(found) > MAX_PARTS and not strict:
        notes.append(f"only the first {MAX_PARTS} words of the query were searched")
        found = found[:MAX_PARTS]
    notes += _long_words(found)
    chunks = [chunk for chunk in found if not (chunk.excluded and chunk.missing)]
    if chunks and not strict and not chunks[-1].phrase and not chunks[-1].excluded:
        chunks[-1] = replace(chunks[-1], open_end=True)
    if not found:
        notes.append(NO_WORD)
    return ParsedQuery(tuple(chunks), whole(searched.strip().strip('"')), blank=False, notes=tuple(notes))


def without_stop_words(parts: Sequence[QueryPart]) -> list[QueryPart]:
    """The parts that are no stop words; all parts if there are no others."""
    searched = searched_words([part.words[0] if len(part.words) == 1 else "" for part in parts])
    return list(compress(parts, searched))


def similar_parts(text: str) -> list[QueryPart]:
    """The words of a document, to find similar ones."""
    return without_stop_words(parse(" ".join(words(text))).chunks)


def _limit_length(text: str) -> str:
    """The searched part of the text, cut at the end of a word."""
    text = text.strip()
    if len(text) <= QUERY_CHARACTERS:
        return text
    first = text[:QUERY_CHARACTERS]
    whole_words = first if text[QUERY_CHARACTERS].isspace() else first.rsplit(None, 1)[0]
    return whole_words.rstrip()


def _chunk(minus: str | None, quoted: str | None, plain: str | None) -> QueryPart:
    if quoted is not None:
        found = tuple(all_words(quoted))
        return QueryPart(
            found,
            whole(quoted.strip()),
            phrase=True,
            excluded=bool(minus),
            typed=whole(quoted.strip()),
            adjacent=unspaced(quoted),
        )
    plain = plain or ""
    excluded = len(plain) > 1 and plain.startswith("-")
    typed = plain[1:] if excluded else plain
    bare = typed.strip('",;()')
    found, term = tuple(all_words(bare)), whole(bare)
    adjacent = len(found) > 1 and unspaced(bare)
    return QueryPart(
        found if adjacent or has_digit(term) else _meant(found),
        term,
        excluded=excluded,
        typed=whole(typed),
        adjacent=adjacent,
    )


def _meant(found: tuple[str, ...]) -> tuple[str, ...]:
    """The words without single letters that apostrophes and hyphens split off: council's, e-procurement."""
    long = tuple(word for word in found if len(word) > 1)
    return long if len(found) > 1 and long else found


def _long_words(chunks: Sequence[QueryPart]) -> list[str]:
    long = dict.fromkeys(word for chunk in chunks for word in chunk.words if too_long(word))
    return [
        f"{word[:SHOWN_CHARACTERS]}… is longer than {WORD_MAX_BYTES} bytes: no such word is indexed, so nothing "
        "matches it"
        for word in long
    ]
