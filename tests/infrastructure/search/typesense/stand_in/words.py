"""Keyword search of the stand-in.

Tokens match in any field, the last one as a prefix; without exact matches typing errors are tolerated, and tokens are
dropped from the right.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from infrastructure.search.common.typing_errors import within

Json = dict[str, Any]
Split = Callable[[str, str], tuple[str, ...]]
Found = tuple[int, set[str], int, int]
# As iconv transliterates them
SIGNS = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "«": "<<", "»": ">>"}
Q = re.compile(r'(-?)"([^"]*)"|(\S+)')


@cache
def tokens(text: str, separators: str, symbols: str = "") -> tuple[str, ...]:
    """Tokens as of Typesense's tokenizer.cpp: split at ASCII blanks and separators that are no symbols. Other
    punctuation is removed without ending a word.
    """
    parting = "".join(one for one in separators if one not in symbols)
    parts = re.split(f"[ \n{re.escape(parting)}]", text)
    return tuple(word for part in parts if (word := "".join(_letter(one, symbols) for one in part)))


def _letter(one: str, symbols: str) -> str:
    """The character in lower-case ASCII; unchanged, also in case, if it has no ASCII form."""
    if one in symbols:
        return one
    plain = (
        one
        if one.isascii()
        else SIGNS.get(one)
        or "".join(each for each in unicodedata.normalize("NFKD", one) if not unicodedata.combining(each))
    )
    return "".join(filter(str.isalnum, plain.lower())) if plain.isascii() else one


@dataclass
class Asked:
    """A parsed `q`."""

    words: list[str]
    phrases: list[tuple[str, ...]]
    without: list[tuple[str, ...]]


def parse(q: str) -> Asked:
    """Words, phrases and exclusions; a query without words matches everything."""
    asked = Asked([], [], [])
    for minus, quoted, plain in Q.findall(q):
        if quoted or (not plain and not quoted):
            (asked.without if minus else asked.phrases).append(tokens(quoted, ""))
        elif plain.startswith("-") and len(plain) > 1:
            asked.without.append(tokens(plain[1:], ""))
        elif plain != "*":
            asked.words += tokens(plain, "")
    asked.phrases = [one for one in asked.phrases if one]
    asked.without = [one for one in asked.without if one]
    return asked


class Finder:
    """One keyword search over documents. `fields` maps the searched fields to their weights."""

    def __init__(
        self,
        parameters: Json,
        fields: Mapping[str, int],
        split: Callable[[str, str], tuple[str, ...]],
        synonyms: Sequence[Json],
    ) -> None:
        self.p = parameters
        self.fields = fields
        self.split = split
        self.synonyms = synonyms

    def find(self, documents: Mapping[str, Json]) -> dict[str, Found]:
        """The documents found, each with its text match, its matched words, the number of matched tokens, and of
        dropped ones.
        """
        asked = parse(str(self.p["q"]))
        texts = {key: self._texts(document) for key, document in documents.items()}
        kept = {key: one for key, one in texts.items() if self._framed(one, asked)}
        if not asked.words:
            return {key: (1, {word for phrase in asked.phrases for word in phrase}, 0, 0) for key in kept}
        found: dict[str, Found] = {}
        least = int(self.p.get("drop_tokens_threshold", 10))
        for variant in [asked.words, *self._synonymous(asked.words)]:
            for length in range(len(variant), 0, -1):
                for key, (score, matched) in self._all(variant[:length], kept).items():
                    found.setdefault(key, (score, matched, length, len(variant) - length))
                if len(found) >= least:
                    break
        return found

    def _all(self, words: Sequence[str], texts: Mapping[str, Json]) -> dict[str, tuple[int, set[str]]]:
        """Documents with all these words, with as few typing errors as find enough."""
        last = len(words) - 1
        prefix = str(self.p.get("prefix", "true")) == "true"
        ways = [self._ways(word, texts, prefix=prefix and i == last) for i, word in enumerate(words)]
        found = {}
        for key, text in texts.items():
            best = [
                max((self._one(form, quality, text) for form, quality in way.items()), default=(0, "")) for way in ways
            ]
            if all(score for score, _ in best):
                exactly = any(words == list(value) for values in text.values() for value in values)
                found[key] = (
                    len(words) * 1_000_000_000 + sum(score for score, _ in best) + (500 if exactly else 0),
                    {word for _, word in best},
                )
        return found

    def _ways(self, word: str, texts: Mapping[str, Json], *, prefix: bool) -> dict[str, int]:
        """The words of the index that match a token, with the quality of each match."""
        known = {one for text in texts.values() for values in text.values() for value in values for one in value}
        found = {one: 300 if one == word else 200 for one in known if one == word or (prefix and one.startswith(word))}
        if found or any(letter.isdigit() for letter in word):
            return found
        for errors in range(1, self._errors(word) + 1):
            close = {one: 100 - errors for one in known if within(word, one, errors, prefix=prefix)}
            if close:
                return close
        return {}

    def _errors(self, word: str) -> int:
        if len(word) < int(self.p.get("min_len_1typo", 4)):
            return 0
        return min(int(self.p.get("num_typos", 2)), 2 if len(word) >= int(self.p.get("min_len_2typo", 7)) else 1)

    def _one(self, form: str, quality: int, text: Json) -> tuple[int, str]:
        """The score of a word of the index in a document; 0 if the document lacks it."""
        weights = [self.fields[name] for name, values in text.items() if any(form in value for value in values)]
        return (quality * 1_000 + max(weights), form) if weights else (0, "")

    def _framed(self, text: Json, asked: Asked) -> bool:
        values = [value for each in text.values() for value in each]
        has = [any(_within(phrase, value) for value in values) for phrase in asked.phrases]
        bad = [any(_within(phrase, value) for value in values) for phrase in asked.without]
        return all(has) and not any(bad)

    def _synonymous(self, words: Sequence[str]) -> list[list[str]]:
        made = []
        for one in self.synonyms:
            terms = [tokens(term, "") for term in one["synonyms"]]  # the collection's separators do not apply
            heads = [tokens(one["root"], "")] if one.get("root") else terms
            for head in heads:
                for start in range(len(words) - len(head) + 1):
                    if head and tuple(words[start : start + len(head)]) == head:
                        made += [[*words[:start], *term, *words[start + len(head) :]] for term in terms if term != head]
        return made

    def _texts(self, document: Json) -> Json:
        found = {}
        for name in self.fields:
            value = document.get(name)
            if value is not None:
                found[name] = [self.split(name, one) for one in (value if isinstance(value, list) else [value])]
        return found


def _within(phrase: tuple[str, ...], value: Sequence[str]) -> bool:
    return any(tuple(value[start : start + len(phrase)]) == phrase for start in range(len(value) - len(phrase) + 1))


def highlight(document: Json, names: Sequence[str], words: set[str], separators: str) -> Json:
    """The `highlight` of a hit: matched tokens as in the text."""
    shown: Json = {}
    for name in names:
        value = document.get(name)
        if isinstance(value, str) and (part := _part(value, words, separators)):
            shown[name] = part
        elif isinstance(value, list):
            parts = [_part(one, words, separators) or {"matched_tokens": [], "snippet": one} for one in value]
            if any(one["matched_tokens"] for one in parts):
                shown[name] = parts
    return shown


def _part(text: str, words: set[str], separators: str) -> Json | None:
    pieces = "".join(" " if one in separators else one for one in text).split()
    matched = [piece for piece in pieces if set(tokens(piece, separators)) & words]
    return {"matched_tokens": matched, "snippet": text} if matched else None
