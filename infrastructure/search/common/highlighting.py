"""Marks found words in the texts of a hit, and cuts long texts to the stretch that has most of them.

Our own, because tantivy's marks neither corrected words nor beginnings.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from domain.search.queries import FieldSpec, SearchDocument
from infrastructure.search.common.matched_words import MatchedWords
from infrastructure.search.common.text_analysis import ASCII_WORD, Word, analysed, composed, too_long, whole

SNIPPET = 200  # characters of a long text that are shown
LEAD = 40  # of them before the first mark
READ = 20_000  # characters of a text that are looked through


class Highlighter:
    """Highlights the hits of one search."""

    def __init__(self, words: MatchedWords, fields: Sequence[FieldSpec]) -> None:
        self._wholes = words.wholes
        self._rows = words.rows
        self._fields = fields
        self._holds = lru_cache(maxsize=10_000)(words.hold)

    def highlights(self, document: SearchDocument) -> dict[str, str]:
        """The fields with something found in them, HTML-escaped but for the marks."""
        held = self._held(document)
        shown = ((field.name, self._field(field, document.get(field.name), held)) for field in self._fields)
        return {name: text for name, text in shown if text is not None}

    def found(self, document: SearchDocument) -> dict[str, list[str]]:
        """The words of each field that are among those searched, folded."""
        held = self._held(document)
        return {
            field.name: words for field in self._fields if (words := self._words(field, document.get(field.name), held))
        }

    def _held(self, document: SearchDocument) -> set[str]:
        """The searched words of all ASCII texts, which are split together: one by one takes much longer."""
        texts = [
            composed(text)[:READ]
            for field in self._fields
            if field.type == "text"
            for text in _texts(document.get(field.name))
        ]
        ascii_ones = "\n".join(text for text in texts if text.isascii())
        return {
            word for word in set(ASCII_WORD.findall(ascii_ones.lower())) if not too_long(word) and self._holds(word)
        }

    def _words(self, field: FieldSpec, value: Any, held: set[str]) -> list[str]:
        texts = _texts(value)
        if field.type == "text":
            return sorted({mark[0] for text in texts for mark in self._marks(composed(text)[:READ], held)})
        return sorted({whole(text) for text in texts} & self._wholes) if field.type == "keyword" else []

    def _field(self, field: FieldSpec, value: Any, held: set[str]) -> str | None:
        texts = _texts(value)
        if field.type == "text":
            return self._best(texts, held)
        if field.type == "keyword" and self._wholes:
            return next((f"<mark>{escape(text)}</mark>" for text in texts if whole(text) in self._wholes), None)
        return None

    def _best(self, texts: list[str], held: set[str]) -> str | None:
        """The text, of those of a field, that has most of the words."""
        best: tuple[int, str, list[Word]] = (0, "", [])
        for text in map(composed, texts):
            marks = self._marks(text[:READ], held)
            distinct = len({word for word, _, _ in marks})
            if distinct > best[0]:
                best = (distinct, text, marks)
        return _snippet(best[1], best[2]) if best[0] else None

    def _marks(self, text: str, held: set[str]) -> list[Word]:
        """What is found in a text; most texts hold nothing, which is seen sooner than where."""
        if not text.isascii():
            found = analysed(text)
            held_words = [word for word in (*found.words, *found.letters) if self._holds(word.text)]
            return _joined(text, [*held_words, *self._in_a_row(found.words)])
        lower = text.lower()
        if not any(word in lower for word in held):
            return []
        return [Word(found[0], found.start(), found.end()) for found in ASCII_WORD.finditer(lower) if found[0] in held]

    def _in_a_row(self, words: Sequence[Word]) -> Iterator[Word]:
        """The places where the words of a script without blanks follow each other as they were typed."""
        for row in self._rows:
            for start in (i for i, word in enumerate(words) if word.text == row[0]):
                if tuple(word.text for word in words[start : start + len(row)]) == row:
                    yield Word("", words[start].start, words[start + len(row) - 1].end)


def _joined(text: str, marks: Sequence[Word]) -> list[Word]:
    """The marks in order, those that touch as one: pairs of letters overlap."""
    found: list[Word] = []
    for mark in sorted(marks, key=lambda one: (one.start, one.end)):
        if found and mark.start <= found[-1].end:
            first = found.pop()
            found.append(Word("", first.start, max(first.end, mark.end)))
        else:
            found.append(mark)
    return [mark if mark.text else Word(whole(text[mark.start : mark.end]), mark.start, mark.end) for mark in found]


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _snippet(text: str, marks: list[Word]) -> str:
    start, end = (0, len(text)) if len(text) <= SNIPPET else _window(text, marks)
    parts = ["…"] if start else []
    at = start
    for _, low, high in marks:
        if start <= low and high <= end:
            parts += [escape(text[at:low]), "<mark>", escape(text[low:high]), "</mark>"]
            at = high
    parts += [escape(text[at:end]), *(["…"] if end < len(text) else [])]
    return "".join(parts)


def _window(text: str, marks: list[Word]) -> tuple[int, int]:
    """The stretch with the most distinct words found, the earliest of equals, cut between words."""
    most, first = 0, marks[0][1]
    for i, (_, low, _) in enumerate(marks):
        inside = {word for word, _, high in marks[i : i + 50] if high <= low + SNIPPET - LEAD}
        if len(inside) > most:
            most, first = len(inside), low
    start = max(0, min(first - LEAD, len(text) - SNIPPET))
    end = min(len(text), start + SNIPPET)
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else first
    if end < len(text):
        last = max(high for _, low, high in marks if low >= start and (high <= end or low == first))
        space = text.rfind(" ", last, end + 1)
        end = space if space >= 0 else max(last, end)
    return start, end
