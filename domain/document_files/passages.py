"""Cuts pages of text into passages of about 200 words, each of one page only, so that a hit names its page. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

PASSAGE_WORDS = 200
PASSAGE_MAX_CHARACTERS = 2_400  # cuts scripts without spaces, and very long words
SENTENCE_ENDS = (".", "!", "?", ":", ";")
BREAK_SEARCH_WORDS = 30  # a passage may end this many words early, at the end of a sentence or line


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
    """The page in passages of nearly equal length, each ending with a sentence or line if one ends nearby."""
    words = [piece for word in _words(text) for piece in _split_long_word(word)]
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


def _split_long_word(word: tuple[str, bool]) -> Iterator[tuple[str, bool]]:
    text, last = word
    for start in range(0, len(text), PASSAGE_MAX_CHARACTERS):
        yield text[start : start + PASSAGE_MAX_CHARACTERS], last and start + PASSAGE_MAX_CHARACTERS >= len(text)


def _end(words: list[tuple[str, bool]], start: int, target: int) -> int:
    """The end of the passage that begins at `start`: a sentence or line end at or shortly before `target`.

    Earlier if the words are long.
    """
    size = 0
    for index in range(start, target):
        size += len(words[index][0]) + 1
        if size > PASSAGE_MAX_CHARACTERS + 1:
            return max(index, start + 1)
    if target == len(words):
        return target
    candidates = range(target, max(start, target - BREAK_SEARCH_WORDS), -1)
    sentence = next((end for end in candidates if words[end - 1][0].endswith(SENTENCE_ENDS)), None)
    line = next((end for end in candidates if words[end - 1][1]), None)
    return sentence or line or target
