"""Pages of text cut into passages of about 200 words, each of one page only, so that a passage found names its page. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

PASSAGE_WORDS = 200
PASSAGE_MAX_CHARACTERS = 2_400  # characters at most: scripts without spaces, and words without end, are cut by these
ENDS = (".", "!", "?", ":", ";")
BREAK_SEARCH_WORDS = 30  # words before the end of a passage in which a sentence or line may end


class Passage(NamedTuple):
    """`number` counts from 0 through the document; `page` counts from 1."""

    number: int
    page: int
    text: str


def cut_passages(pages: Iterable[Mapping[str, Any]]) -> list[Passage]:
    """The passages of pages ({"page", "text"}) in order; blank pages have none."""
    cut = ((page["page"], text) for page in pages for text in cut_page(page["text"] or ""))
    return [Passage(number, page, text) for number, (page, text) in enumerate(cut)]


def cut_page(text: str) -> Iterator[str]:
    """The page in pieces of nearly equal length, each ending with a sentence or line where one ends nearby."""
    words = [piece for word in _words(text) for piece in _pieces(word)]
    start = 0
    while start < len(words):
        left = len(words) - start
        take = min(left, -(-left // max(1, round(left / PASSAGE_WORDS))))
        end = _end(words, start, start + take)
        yield " ".join(word for word, _ in words[start:end])
        start = end


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether a line ends with it."""
    for line in text.splitlines():
        found = line.split()
        yield from ((word, index == len(found) - 1) for index, word in enumerate(found))


def _pieces(word: tuple[str, bool]) -> Iterator[tuple[str, bool]]:
    text, last = word
    for start in range(0, len(text), PASSAGE_MAX_CHARACTERS):
        yield text[start : start + PASSAGE_MAX_CHARACTERS], last and start + PASSAGE_MAX_CHARACTERS >= len(text)


def _end(words: list[tuple[str, bool]], start: int, wished: int) -> int:
    """Where the passage that begins at `start` ends: at a sentence, else at a line, shortly before `wished`; sooner where the words are long."""
    size = 0
    for index in range(start, wished):
        size += len(words[index][0]) + 1
        if size > PASSAGE_MAX_CHARACTERS + 1:
            return max(index, start + 1)
    if wished == len(words):
        return wished
    near = range(wished, max(start, wished - BREAK_SEARCH_WORDS), -1)
    sentence = next((end for end in near if words[end - 1][0].endswith(ENDS)), None)
    line = next((end for end in near if words[end - 1][1]), None)
    return sentence or line or wished
