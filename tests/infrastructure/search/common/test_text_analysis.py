"""Texts that tantivy splits itself and those that are split for it: both by the same words."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.search.common.text_analysis import (
    all_words,
    analysed,
    composed,
    indexed_words,
    otherwise_split,
    words_analyzer,
)

SCRIPTS = "aé ß-'1．ＬЖόع\u0651ह\u094dก\u0e31\u0e49ຫ\u0ec9ខ\u17d2က\u103a図の々ｶﾞー한\u0300\ufe0f🙂"


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from(SCRIPTS), max_size=12))
def test_every_word_stands_for_its_part_of_the_text(text: str) -> None:
    text = composed(text)
    found = analysed(text)
    assert [word.text for word in found.words] == all_words(text)
    assert all(0 <= word.start < word.end <= len(text) for word in (*found.words, *found.letters))
    assert [word.start for word in found.words] == sorted(word.start for word in found.words)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=12))
def test_what_tantivy_splits_itself_is_split_alike(text: str) -> None:
    text = composed(text)
    if not otherwise_split(text):
        assert words_analyzer().analyze(text) == [word.text for word in analysed(text).words]


def test_no_mark_of_a_letter_ends_a_word() -> None:
    marks = [
        chr(code)
        for code in range(0x300, 0x20000)
        if unicodedata.category(chr(code)) in {"Mn", "Mc"} and not 0xFE00 <= code <= 0xFE0F
    ]
    split = [
        f"U+{ord(mark):04X}"
        for mark in marks
        if not 0x20D0 <= ord(mark) <= 0x20FF and len(all_words(composed(f"ब{mark}ब"))) != 1
    ]
    assert split == []


def test_what_is_typed_is_a_stretch_of_what_is_longer() -> None:
    text = indexed_words("令和6年度LED照明工事")
    for typed in ("令和6年", "6年度", "年度LED", "LED照明", "照明工事", "和6", "明工"):
        row = all_words(typed)
        assert any(text[start : start + len(row)] == row for start in range(len(text))), typed
