"""Words of queries and texts: folding, typing errors, phrases, and marking what matched. Shared by all engines."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

WORD = re.compile(r"\w+")
PART = re.compile(r'(-?)"([^"]+)"|(-?)(\S+)')
SNIPPET = 240


@dataclass
class Words:
    """A query taken apart. `words` are folded; `codes` are the typed tokens whole, for ids and classification codes."""

    words: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    phrases: list[list[str]] = field(default_factory=list)
    excluded: list[list[str]] = field(default_factory=list)
    open_end: bool = False  # whether the last word may still be being typed


def fold(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def split(text: str) -> list[str]:
    """The folded words of a text."""
    return WORD.findall(fold(text))


def parse(text: str) -> Words:
    """A query as people type it: words, "phrases" and -exclusions."""
    found = Words()
    for part in PART.finditer(text.replace("\x00", " ")):
        minus, phrase = part[1] or part[3], part[2] or part[4]
        words = split(phrase)
        if not words:
            continue
        if minus:
            found.excluded.append(words)
        elif part[2]:
            found.phrases.append(words)
        else:
            found.codes.append(fold(phrase))
            found.words += words
    found.words = list(dict.fromkeys(found.words))[:32]
    found.open_end = bool(found.words) and not text.endswith((" ", '"'))
    return found


def typos(word: str) -> int:
    """How many typing errors are forgiven in a word: none in short ones and in codes, 1 from four letters, 2 from eight."""
    if any(letter.isdigit() for letter in word) or len(word) < 4:
        return 0
    return 1 if len(word) < 8 else 2


def within(one: str, other: str, most: int) -> bool:
    """Whether the edit distance (a swap of neighbours counts one) is at most `most`."""
    if abs(len(one) - len(other)) > most:
        return False
    before, last = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
        before, last = last, row
    return last[-1] <= most


class Marker:
    """Marks the words of a query in texts with <mark>, and escapes all else."""

    def __init__(self, exact: set[str], prefix: str | None, fuzzy: list[str]) -> None:
        self.exact, self.prefix, self.fuzzy = exact, prefix, fuzzy

    def matches(self, word: str) -> bool:
        """Whether a word of a text is one of the query's."""
        folded = fold(word)
        if folded in self.exact or (self.prefix is not None and folded.startswith(self.prefix)):
            return True
        return any(within(one, folded, typos(one)) for one in self.fuzzy)

    def mark(self, text: str) -> str | None:
        """About SNIPPET characters around the first match, marked; None where nothing matches."""
        spans = [(found.start(), found.end()) for found in WORD.finditer(text) if self.matches(found.group())]
        if not spans:
            return None
        start, end = _window(text, spans[0][0])
        return ("… " if start else "") + "".join(self._pieces(text, spans, start, end)) + (" …" if end < len(text) else "")

    def _pieces(self, text: str, spans: list[tuple[int, int]], start: int, end: int) -> Iterator[str]:
        at = start
        for first, last in spans:
            if first < start or last > end:
                continue
            yield html.escape(text[at:first])
            yield f"<mark>{html.escape(text[first:last])}</mark>"
            at = last
        yield html.escape(text[at:end])


def _window(text: str, around: int) -> tuple[int, int]:
    if len(text) <= SNIPPET * 1.5:
        return 0, len(text)
    start = max(0, around - SNIPPET // 3)
    start = text.find(" ", start, around) + 1 or start if start else 0
    end = min(len(text), start + SNIPPET)
    cut = text.rfind(" ", start, end)
    return start, cut if end < len(text) and cut > around else end
