"""How text becomes words: split at everything that is no letter or digit, lower case, accents folded.

The same analyser runs at indexing, in queries and in highlights, so that they can't disagree.
"""

import re
import unicodedata
from functools import lru_cache

import tantivy

WORDS, WHOLE = "words", "whole"
DIGIT = re.compile("[0-9]")
LONGEST = 255  # letters of a word; longer ones are data, not words


@lru_cache(maxsize=1)
def words_analyzer() -> tantivy.TextAnalyzer:
    """Text to folded words."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(LONGEST))
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


@lru_cache(maxsize=1)
def whole_analyzer() -> tantivy.TextAnalyzer:
    """A value as one folded term: identifiers, found in any case."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


def composed(text: str) -> str:
    """The text with letters and accents in one character, as the analyser needs it to fold them."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return words_analyzer().analyze(composed(text))


def whole(text: str) -> str:
    """The folded form of a value taken whole."""
    return "".join(whole_analyzer().analyze(composed(text)))


def spans(text: str) -> list[tuple[str, int, int]]:
    """Folded words with the range of characters of the (composed) text that each stands for."""
    return [(token.text, token.char_offset_from, token.char_offset_to) for token in words_analyzer().pre_tokenize(text).tokens]


@lru_cache(maxsize=8_192)  # the same few facets again and again
def has_digit(text: str) -> bool:
    """Whether the text looks like a code: such words are never corrected."""
    return DIGIT.search(text) is not None or (not text.isascii() and any(letter.isdigit() for letter in text))
