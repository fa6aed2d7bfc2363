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
    fields = pl.Struct(dict.fromkeys(NAME_FIELDS, pl.String))
    return name.map_batches(_normalised_names, return_dtype=fields, is_elementwise=True)


def _normalised_names(names: pl.Series) -> pl.Series:
    """Step by step, because an expression would compute its parts again wherever it uses them."""
    c = pl.col
    steps = pl.DataFrame({"name": names}, schema={"name": pl.String}).with_columns(
        c("name").str.replace(AFTER_NAME, "").alias("registered")
    )
    has_word = c("registered").str.contains(r"\p{L}|\p{N}")
    steps = steps.with_columns(pl.when(has_word).then("registered").otherwise("name").alias("registered"))
    text = pl.concat_str(pl.lit(" "), folded(c("registered").str.replace(ACRONYM, " ")), pl.lit(" "))
    steps = steps.with_columns(
        text.str.replace_many(PHRASES).str.strip_chars(" ").str.split(" ").alias("words"),
        c("registered").str.extract(ACRONYM).str.to_lowercase().alias("acronym"),
    )
    known_forms = pl.element().replace_strict(LEGAL_FORMS, default=None, return_dtype=pl.String).drop_nulls()
    steps = steps.with_columns(
        c("words").list.slice(1).list.eval(known_forms).list.last().alias("form"),
        c("words").list.eval(pl.element().replace(ABBREVIATIONS)).alias("written_out"),
    )
    steps = steps.with_columns(_without_weightless(c("written_out")).alias("kept"))
    steps = steps.with_columns(
        pl.when(c("kept").list.len() > 0).then("kept").otherwise("written_out").alias("kept"),
        _initials("words").str.contains(c("acronym"), literal=True).alias("of_words"),
    )
    is_acronym = c("of_words") | _initials("kept").str.contains(c("acronym"), literal=True)
    with_acronym = pl.concat_list("kept", "acronym")
    steps = steps.with_columns(
        pl.when(c("acronym").is_not_null() & ~is_acronym).then(with_acronym).otherwise("kept").alias("kept")
    )
    core = c("kept").list.unique().list.sort().list.join(" ").alias("core")
    return steps.select(pl.struct(core, c("kept").list.join("").alias("joined"), "form").alias("name")).to_series()


def _initials(words: str) -> pl.Expr:
    return pl.col(words).list.eval(pl.element().str.head(1)).list.join("")


def _without_weightless(words: pl.Expr) -> pl.Expr:
    """The words without stop words, and without legal forms beyond the first word."""
    stop_words, weightless = sorted(STOP_WORDS), sorted(STOP_WORDS | LEGAL_FORMS.keys())
    return pl.concat_list(
        words.list.head(1).list.eval(pl.element().filter(~pl.element().is_in(stop_words))),
        words.list.slice(1).list.eval(pl.element().filter(~pl.element().is_in(weightless))),
    )


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
