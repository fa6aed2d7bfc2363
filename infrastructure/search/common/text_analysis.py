"""How text becomes words: split at everything that is no letter, digit or mark of one, lower case, accents folded.

Scripts without blanks between words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are indexed as overlapping
pairs of letters: 図書館 is 図書 書館, and a word inside a sentence is the phrase of its pairs. Each letter is
indexed alone as well, behind the pairs, for words of one letter. The same analysis runs at indexing, in queries and in
highlights, so that they can't disagree.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import tantivy

WORDS, WHOLE = "words", "whole"
DIGIT = re.compile("[0-9]")
ASCII_WORD = re.compile("[0-9a-z]+")  # of an ASCII text in lower case, as the analyser splits it
ASCII_FOLDED = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
WORD_MAX_BYTES = 254  # longer ones are data, not words
IGNORED_MARKS = r"\x{20D0}-\x{20FF}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}"  # of symbols and variants: they end a word
ACCENTS = re.compile("[\u0300-\u036f]")  # those that have no composed letter
# Letters, and the marks that follow them, of the scripts without blanks.
LETTERS = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46"  # Thai
    "\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd\u0ec0-\u0ec6\u0edc-\u0edf"  # Lao
    "\u1000-\u102a\u103f\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e\ua9e0-\ua9e4\ua9e6-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7a"
    "\u1780-\u17b3\u17d7\u17dc"  # Khmer, above: Burmese
    # Han
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\uac00-\ud7a3"  # Korean, which has blanks, but not between a noun and what belongs to it
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d\u3105-\u312f"  # kana, bopomofo
)
MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074"
    "\u1082-\u108d\u108f\u109a-\u109d\ua9e5\uaa7b-\uaa7d\u17b4-\u17d3\u17dd\u302a-\u302f\u3099\u309a\uff9e\uff9f"
)
PART = re.compile(f"[{LETTERS}][{LETTERS}{MARKS}]*|[^{LETTERS}]+")
LETTER = re.compile(f"[{LETTERS}][{MARKS}]*")
UNSPACED = re.compile(f"[{LETTERS}]")
HALF_WIDTH = "\uff66"  # the first of the half-width kana, which are folded to those of full width
# Texts that tantivy's own tokenizer splits in another way: it knows no marks of letters, and every script is one with
# blanks to it.
OTHERWISE_SPLIT = re.compile(
    "[\u0130\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711-\u109f\u135d-\u135f\u1700-\u1cff\u1dc0-\u1dff"
    "\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u2e80-\u2fdf\u3005-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\ua66f-\ua69f\ua6f0\ua6f1\ua800-\uabff"
    "\uf900-\ufaff\ufb1e\ufe20-\ufe2f\uff66-\uff9f\U00010000-\U0001efff\U00020000-\U0003ffff]"
)


class Word(NamedTuple):
    """A folded word, and the characters of the text that it stands for, from `start` to before `end`."""

    text: str
    start: int
    end: int


class Analysed(NamedTuple):
    """The words of a text in order, and the letters of its scripts without blanks, each alone."""

    words: list[Word]
    letters: list[Word]


@lru_cache(maxsize=1)
def words_analyzer() -> tantivy.TextAnalyzer:
    """Text to folded words; for texts that `OTHERWISE_SPLIT` does not find anything in."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(
        tantivy.Filter.remove_long(WORD_MAX_BYTES + 1)
    )
    return builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


@lru_cache(maxsize=1)
def _any_words_analyzer() -> tantivy.TextAnalyzer:
    """Text to folded words of any script and length."""
    pattern = r"[[\p{Alphabetic}\p{N}\p{M}]--[" + IGNORED_MARKS + "]]+"
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(pattern))
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
    """The folded words of a text, in order, without those that are too long to be indexed."""
    return [word for word in all_words(text) if not too_long(word)]


def all_words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    if text.isascii():  # as the analyser does, in a fraction of the time
        return text.translate(ASCII_FOLDED).split()
    text = composed(text)
    return (
        _any_words_analyzer().analyze(text)
        if not otherwise_split(text)
        else [word.text for word in analysed(text).words]
    )


def indexed_words(text: str) -> list[str]:
    """The words that a text is found by: in order, then the letters of scripts without blanks."""
    text = composed(text)
    if not otherwise_split(text):
        return words_analyzer().analyze(text)
    found = analysed(text)
    return [word.text for word in (*found.words, *found.letters) if not too_long(word.text)]


def whole(text: str) -> str:
    """The folded form of a value taken whole."""
    return "".join(whole_analyzer().analyze(composed(text)))


def too_long(word: str) -> bool:
    """Whether no index holds a word because of its length."""
    return len(word) * 4 > WORD_MAX_BYTES and len(word.encode()) > WORD_MAX_BYTES


def otherwise_split(text: str) -> bool:
    """Whether a composed text must be split by `analysed`, not by tantivy's own tokenizer."""
    return not text.isascii() and OTHERWISE_SPLIT.search(text) is not None


def unspaced(text: str) -> bool:
    """Whether a text has letters of a script without blanks."""
    return not text.isascii() and UNSPACED.search(text) is not None


def analysed(text: str) -> Analysed:
    """The words of a (composed) text, with the characters that each stands for."""
    found = Analysed([], [])
    for token in _any_words_analyzer().pre_tokenize(text).tokens:
        raw = text[token.char_offset_from : token.char_offset_to]
        if unspaced(raw):
            for part in PART.finditer(raw):
                _add_part(found, raw, part, token.char_offset_from)
        else:
            found.words.append(Word(_without_accents(token.text), token.char_offset_from, token.char_offset_to))
    return found


def pre_tokenized(text: str) -> tantivy.PreTokenizedString:
    """A (composed) text as tantivy indexes it where its own tokenizer splits in another way.

    No phrase reaches from the words into the letters.
    """
    found = analysed(text)
    tokens = [
        tantivy.Token(word.text, i, word.start, word.end)
        for i, word in enumerate(found.words)
        if not too_long(word.text)
    ]
    first = len(found.words) + 2
    tokens += [
        tantivy.Token(letter.text, first + 2 * i, letter.start, letter.end) for i, letter in enumerate(found.letters)
    ]
    return tantivy.PreTokenizedString(text, tokens)


@lru_cache(maxsize=8_192)  # the same few facets again and again
def has_digit(text: str) -> bool:
    """Whether the text looks like a code: such words are never corrected."""
    return DIGIT.search(text) is not None or (not text.isascii() and any(letter.isdigit() for letter in text))


def _add_part(found: Analysed, raw: str, part: re.Match[str], offset: int) -> None:
    """A stretch of a word: of a script with blanks as it is, of one without as pairs.

    Where other letters or digits touch it (令和6年度), the letter at that end is a word too, so that what is typed is
    found     in what is longer.
    """
    if not UNSPACED.match(part[0]):
        found.words.append(Word(_without_accents(whole(part[0])), offset + part.start(), offset + part.end()))
        return
    letters = list(_letters(part[0], offset + part.start()))
    if len(letters) == 1:
        found.words.extend(letters)
        return
    found.letters.extend(letters)
    found.words.extend(letters[:1] if part.start() > 0 else [])
    found.words.extend(Word(one.text + other.text, one.start, other.end) for one, other in pairwise(letters))
    found.words.extend(letters[-1:] if part.end() < len(raw) else [])


def _letters(run: str, offset: int) -> Iterator[Word]:
    for letter in LETTER.finditer(run):
        text = unicodedata.normalize("NFKC", letter[0]) if letter[0] >= HALF_WIDTH else letter[0]
        yield Word(text, offset + letter.start(), offset + letter.end())


def _without_accents(word: str) -> str:
    return word if word.isascii() else ACCENTS.sub("", word)
