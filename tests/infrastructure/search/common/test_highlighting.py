"""Highlights in long texts, of which only the beginning is searched."""

from domain.search.queries import FieldSpec
from infrastructure.search.common.highlighting import READ, Highlighter
from infrastructure.search.common.matched_words import MatchedWords


def highlighter(*words: str) -> Highlighter:
    return Highlighter(MatchedWords(exact=set(words)), [FieldSpec(name="text", type="text")])


def test_a_long_text_whose_end_has_accents_is_marked_at_its_beginning() -> None:
    shown = highlighter("road").highlights({"text": "A road " + "x " * READ + "café"})
    assert shown["text"].startswith("A <mark>road</mark> x")


def test_a_letter_that_is_written_in_another_way_is_marked_like_its_own() -> None:
    assert highlighter("kelvin").highlights({"text": "\u212aelvin"}) == {"text": "<mark>Kelvin</mark>"}
