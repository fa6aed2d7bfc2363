"""Compares two organisations' profiles: similarity of each part from 0 to 1, and what contradicts a merge. Pure.

Frames of pairs have the columns of PROFILES twice, with the suffixes `_left` and `_right`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from domain.organizations.words import DISTINGUISHING_WORDS, WEAK_WORDS

SIDES = ("left", "right")
TYPO_MIN_CHARACTERS = 5  # of a word with one wrong letter
LONG_WORD_CHARACTERS = 10  # of a word with two wrong letters
LIKE_NAME_MAX = 0.75  # similarity of names that differ by a word: never enough for a merge
ADDRESS_EQUAL_RATIO, ADDRESS_DIFFERENT_RATIO = 90, 50  # of rapidfuzz, 0 to 100
ADDRESS_MIN_CHARACTERS = 8
Compare = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True)
class Comparator:
    """A part of the score: `weight` times the similarity, or times `unknown` where one side has no value."""

    name: str
    weight: float
    unknown: float
    compare: Compare


@dataclass(frozen=True)
class Veto:
    """A reason never to join two organisations: `applies` is an expression over a frame of pairs."""

    reason: str
    applies: pl.Expr


def ratios(left: pl.Series, right: pl.Series, scorer: Any) -> pl.Series:
    """The scorer of rapidfuzz on each pair of texts, in one call; null where a text is missing."""
    known = left.is_not_null() & right.is_not_null()
    scores = process.cpdist(left.fill_null("").to_list(), right.fill_null("").to_list(), scorer=scorer)
    return pl.select(pl.when(known).then(pl.Series(scores, dtype=pl.Float64))).to_series()


def with_name_difference(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `only_left` and `only_right`: the words that one name has and the other lacks."""
    words = {side: pl.col(f"core_{side}").str.split(" ") for side in SIDES}
    return pairs.with_columns(
        words["left"].list.set_difference(words["right"]).list.sort().alias("only_left"),
        words["right"].list.set_difference(words["left"]).list.sort().alias("only_right"),
    )


def name_similarity(pairs: pl.DataFrame) -> pl.Series:
    """1 for the same words, less for other spaces, typing errors and weak words, at most LIKE_NAME_MAX otherwise."""
    c = pl.col
    differing = pairs.select(c("only_left").list.join(" "), c("only_right").list.join(" "))
    typed = pairs.select(
        c("joined_left", "joined_right", "only_left", "only_right"),
        ratios(pairs["core_left"], pairs["core_right"], fuzz.token_sort_ratio).alias("ratio"),
        ratios(differing["only_left"], differing["only_right"], OSA.distance).alias("distance"),
        differing["only_left"].str.len_chars().alias("length"),
        (differing["only_left"].str.head(1) == differing["only_right"].str.head(1)).alias("same_start"),
    )
    extra = pl.concat_list("only_left", "only_right")
    one_word = (c("only_left").list.len() == 1) & (c("only_right").list.len() == 1) & c("same_start")
    is_typo = one_word & (
        ((c("distance") <= 1) & (c("length") >= TYPO_MIN_CHARACTERS))
        | ((c("distance") <= 2) & (c("length") >= LONG_WORD_CHARACTERS))
    )
    only_weak = extra.list.eval(pl.element().is_in(sorted(WEAK_WORDS))).list.all()
    similarity = (
        pl.when(extra.list.len() == 0)
        .then(1.0)
        .when(c("joined_left") == c("joined_right"))
        .then(0.98)
        .when(is_typo)
        .then(0.95)
        .when(only_weak)
        .then(0.93)
        .otherwise((c("ratio") / 100).clip(0, LIKE_NAME_MAX))
    )
    return typed.select(similarity).to_series()


def form_similarity(pairs: pl.DataFrame) -> pl.Series:
    """Whether the legal forms are the same; null unless both names have one."""
    return pairs.select((pl.col("form_left") == pl.col("form_right")).cast(pl.Float64)).to_series()


def country_similarity(pairs: pl.DataFrame) -> pl.Series:
    """Whether the countries are the same; null unless both are known."""
    return pairs.select((pl.col("country_left") == pl.col("country_right")).cast(pl.Float64)).to_series()


def address_similarity(pairs: pl.DataFrame) -> pl.Series:
    """1 for the same postal code, less for the same street or place, little for different ones; null if unknown."""
    c = pl.col
    long_enough = [
        pl.when(c(f"address_{side}").str.len_chars() >= ADDRESS_MIN_CHARACTERS).then(f"address_{side}")
        for side in SIDES
    ]
    texts = pairs.select(long_enough[0].alias("left"), long_enough[1].alias("right"))
    known = pairs.select(
        (c("postal_code_left") == c("postal_code_right")).alias("code"),
        (c("locality_left") == c("locality_right")).alias("place"),
        ratios(texts["left"], texts["right"], fuzz.partial_ratio).alias("ratio"),
    )
    same_text = c("ratio") >= ADDRESS_EQUAL_RATIO
    similarity = (
        pl.when("code")
        .then(1.0)
        .when(same_text)
        .then(0.9)
        .when(c("place") & c("code").is_null())
        .then(0.8)
        .when("place")
        .then(0.6)
        .when(c("code").eq_missing(other=False) | c("place").eq_missing(other=False))
        .then(pl.when(c("ratio") < ADDRESS_DIFFERENT_RATIO).then(0.0).otherwise(0.1))
        .when(c("ratio").is_not_null())
        .then(pl.when(c("ratio") < ADDRESS_DIFFERENT_RATIO).then(0.2).otherwise(0.3))
    )
    return known.select(similarity).to_series()


def _differs(word_test: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    words = pl.concat_list("only_left", "only_right")
    return words.list.eval(word_test(pl.element())).list.any()


def _both_differ(name: str) -> pl.Expr:
    return (pl.col(f"{name}_left") != pl.col(f"{name}_right")).fill_null(value=False)


REGISTERED = (pl.col("scheme_left") == pl.col("scheme_right")).fill_null(value=False)
SAME_NUMBER = REGISTERED & (pl.col("number_left") == pl.col("number_right")).fill_null(value=False)
OTHER_NUMBER = Veto("different_numbers_of_a_register", REGISTERED & _both_differ("number"))
OTHER_COUNTRY = Veto("different_countries", _both_differ("country"))
# Names in which a number, an ordinal or a word such as north or county differs.
OTHER_WORD = Veto(
    "distinguishing_words",
    (pl.col("joined_left") != pl.col("joined_right"))
    & _differs(lambda word: word.is_in(sorted(DISTINGUISHING_WORDS)) | word.str.contains(r"\p{N}")),
)
