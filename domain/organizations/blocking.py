"""Blocks: only organisations that share a block are compared, so that the cost grows with their number. Pure.

A key follows from one profile alone; a larger block than BLOCK_MAX_ORGANIZATIONS says too little and is left out.
"""

from collections.abc import Sequence

import polars as pl

from domain.lake.silver import Columns
from domain.organizations.words import COMMON_WORDS

BLOCK_MAX_ORGANIZATIONS = 100
BLOCKS: Columns = {"block": pl.String, "organization_id": pl.String}
PAIRS: Columns = {"left_id": pl.String, "right_id": pl.String}
WORDS = pl.col("core").str.split(" ")
FIRST_LETTER = pl.col("core").str.head(1)
STREET_WORDS = 3  # of an address: house number, name and kind of street


def _key(name: str, *parts: pl.Expr | str) -> pl.Expr:
    """`name:part:part…`; null where a part is null."""
    return pl.concat_str(pl.lit(name), *parts, separator=":")


def _first_words(name: str) -> pl.Expr:
    """The first STREET_WORDS words; null with fewer."""
    return pl.col(name).str.extract(rf"^(\S+(?: \S+){{{STREET_WORDS - 1}}})")


def _rare_words() -> pl.Expr:
    """The two longest words that aren't common, in order of the alphabet; null with fewer."""
    rare = WORDS.list.eval(
        pl.element().filter(~pl.element().is_in(sorted(COMMON_WORDS)) & (pl.element().str.len_chars() >= 3))
    )
    longest = pl.element().sort_by(pl.element().str.len_chars(), descending=True, maintain_order=True)
    rare = rare.list.eval(longest.head(2)).list.sort()
    return pl.when(rare.list.len() == 2).then(rare.list.join(" "))


BLOCKERS: dict[str, pl.Expr] = {
    "number": _key("number", "scheme", "number"),
    "name": _key("name", "core"),
    "joined": _key("joined", "joined"),
    "postal_code": _key("postal_code", "postal_code", FIRST_LETTER),
    "street": _key("street", _first_words("address"), FIRST_LETTER),
    "locality": _key("locality", "locality", WORDS.list.eval(pl.element().str.head(1)).list.join("")),
    "words": _key("words", _rare_words()),
}
"""Each blocker gives an organisation one key, or none: from the columns of a profile."""


def organization_blocks(profiles: pl.DataFrame, blockers: Sequence[pl.Expr]) -> pl.DataFrame:
    """Return the blocks (BLOCKS) of the profiles, in order."""
    keys = profiles.select("organization_id", pl.concat_list(blockers).alias("block"))
    blocks = keys.explode("block").drop_nulls("block").select(list(BLOCKS))
    return blocks.unique().sort("block", "organization_id")


def candidate_pairs(compared: pl.DataFrame, blocks: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs (PAIRS, left before right) of the organisations `compared` with the members of their `blocks`.

    `compared` and `blocks`: BLOCKS; `blocks` has all members.
    """
    pairs = compared.lazy().join(blocks.lazy(), on="block", suffix="_other")
    one, other = pl.col("organization_id"), pl.col("organization_id_other")
    pairs = pairs.filter(one != other).select(
        pl.min_horizontal(one, other).alias("left_id"), pl.max_horizontal(one, other).alias("right_id")
    )
    return pairs.unique().sort("left_id", "right_id").collect()
