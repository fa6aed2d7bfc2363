"""Normalised names and addresses of organisations, as polars expressions. Pure."""

import polars as pl

from domain.organizations.countries import COUNTRIES
from domain.organizations.words import ABBREVIATIONS, LEGAL_FORMS, LETTERS, PHRASES, STOP_WORDS

# What follows the registered name: the name of a trade, the address of another, or a former name.
AFTER_NAME = (
    r"(?i)[\s,(\[-]*(?:\bt/a\b|\btrading as\b|\bc/o\b|\bd/?b/?a\b|\bformerly\b|\bpreviously\b"
    r"|\bmore commonly known as\b|\bknown as\b|\bthe name adopted by\b|\bin liquidation\b|\bin administration\b).*$"
)
ACRONYM = r"\(\s*(\p{L}{2,8})\s*\)"
UK_POSTAL_CODE = r"\b([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})\b"
REGION_CODE = r"^([A-Z]{2})[A-Z0-9]{0,3}$"  # NUTS or ITL
NAME_FIELDS = ("core", "joined", "form")


def folded(text: pl.Expr) -> pl.Expr:
    """The text in lower case without accents, punctuation or doubled spaces."""
    bare = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"[\x{300}-\x{36f}]", "")
    bare = bare.str.replace_many(LETTERS)
    # Dots of abbreviations join (s.p.a., U.K.), other punctuation separates.
    bare = bare.str.replace_all(r"\b(\p{L})\.", "${1}").str.replace_all(r"\b(\p{L})/(\p{L})\b", "${1}${2}")
    return bare.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars(" ")


def normalised_name(name: pl.Expr) -> pl.Expr:
    """A struct of NAME_FIELDS of the name.

    `core`: its distinct words in order, without legal form, articles and conjunctions, abbreviations written out.
    `joined`: these words as they follow each other, without spaces. `form`: the canonical legal form, or null.
    """
    registered = name.str.replace(AFTER_NAME, "")
    registered = pl.when(registered.str.contains(r"\p{L}|\p{N}")).then(registered).otherwise(name)
    acronym = registered.str.extract(ACRONYM).str.to_lowercase()
    text = pl.concat_str(pl.lit(" "), folded(registered.str.replace(ACRONYM, " ")), pl.lit(" "))
    words = text.str.replace_many(PHRASES).str.strip_chars(" ").str.split(" ")
    form = words.list.slice(1).list.eval(
        pl.element().replace_strict(LEGAL_FORMS, default=None, return_dtype=pl.String).drop_nulls()
    )
    kept = _without(words.list.eval(pl.element().replace(ABBREVIATIONS)))
    initials = words.list.eval(pl.element().str.head(1)).list.join("")
    short = kept.list.eval(pl.element().str.head(1)).list.join("")
    is_acronym = initials.str.contains(acronym, literal=True) | short.str.contains(acronym, literal=True)
    extra = pl.when(acronym.is_not_null() & ~is_acronym).then(pl.concat_list(kept, acronym)).otherwise(kept)
    return pl.struct(
        extra.list.unique().list.sort().list.join(" ").alias("core"),
        extra.list.join("").alias("joined"),
        form.list.last().alias("form"),
    )


def _without(words: pl.Expr) -> pl.Expr:
    """The words without legal forms (beyond the first word) and stop words; all of them if none is left."""
    first, others = words.list.head(1), words.list.slice(1)
    weightless = sorted(STOP_WORDS | LEGAL_FORMS.keys())
    kept = pl.concat_list(
        first.list.eval(pl.element().filter(~pl.element().is_in(sorted(STOP_WORDS)))),
        others.list.eval(pl.element().filter(~pl.element().is_in(weightless))),
    )
    return pl.when(kept.list.len() > 0).then(kept).otherwise(words)


def country_code(country: pl.Expr) -> pl.Expr:
    """The ISO 3166-1 code of a country as published, or null if it isn't known."""
    text = folded(country)
    known = text.replace_strict(COUNTRIES, default=None, return_dtype=pl.String)
    return pl.coalesce(known, pl.when(text.str.contains(r"^[a-z]{2}$")).then(text.str.to_uppercase()))


def country_of_region(region: pl.Expr) -> pl.Expr:
    """The country of a NUTS or ITL code, or null."""
    return country_code(region.str.extract(REGION_CODE))


def postal_code(code: pl.Expr, address: pl.Expr) -> pl.Expr:
    """The code in capitals without separators; without one, a British postcode in the text of the address."""
    given = code.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    written = address.str.to_uppercase()
    found = pl.concat_str(written.str.extract(UK_POSTAL_CODE, 1), written.str.extract(UK_POSTAL_CODE, 2))
    return pl.coalesce(pl.when(given.str.len_chars() >= 3).then(given), found)


def register_number(number: pl.Expr) -> pl.Expr:
    """The number of a register in capitals, without separators and leading zeros."""
    bare = number.str.to_uppercase().str.replace_all(r"[^\p{Lu}\p{N}]", "").str.strip_chars_start("0")
    return pl.when(bare != "").then(bare)
