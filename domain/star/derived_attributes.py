"""Attributes of dimension rows that follow from their others; they are no part of the key. Pure."""

from collections.abc import Callable, Mapping

import polars as pl

from domain.lake.flattening.award_status import counts_in_totals
from domain.star.model import DIMENSIONS
from domain.star.places import with_place_codes

LAST_CPV_DIGIT = r"^(\d{2}\d*)[1-9](0*)$"  # the last digit that is not 0, below the division
CONTRACT_STATUSES_COUNTED = ("active", "terminated")  # in force, or it was


def with_counts(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `counts`: whether an award or contract of this status is part of what was won and spent; null for others."""
    status = pl.col("status").str.to_lowercase()
    of_contract = pl.col("status").is_null() | status.is_in(CONTRACT_STATUSES_COUNTED)
    counts = pl.when(pl.col("of") == "award").then(counts_in_totals(pl.col("status")))
    return frame.with_columns(counts.when(pl.col("of") == "contract").then(of_contract).alias("counts"))


def with_cpv_levels(frame: pl.DataFrame) -> pl.DataFrame:
    """Add division, group, class and category: the first 2, 3, 4 and 5 digits of a CPV code (Regulation (EC) 213/2008);
    and `parent`, the code of the next level above, unless the row has one.
    """
    code = pl.when(pl.col("scheme") == "CPV").then(pl.col("code").str.extract(r"^(\d{8})"))
    above = pl.when(code.str.contains(LAST_CPV_DIGIT)).then(code.str.replace(LAST_CPV_DIGIT, "${1}0${2}"))
    levels = {"division": 2, "group": 3, "class": 4, "category": 5}
    return frame.with_columns(
        *(code.str.head(digits).alias(name) for name, digits in levels.items()),
        (pl.coalesce("parent", above) if "parent" in frame.columns else above).alias("parent"),
    )


DERIVED: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "dim_status": with_counts,
    "dim_classification": with_cpv_levels,
    "dim_location": with_place_codes,
}


def with_derived(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows of a dimension with its derived attributes."""
    return DERIVED[name](frame) if name in DERIVED else frame


def derived_changes(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose derived attributes follow no longer from the others: their key, and the attributes as they should
    be. `rows` have the key, the attributes and the derived ones.
    """
    key, names = DIMENSIONS[name]
    made = with_derived(name, rows.select(key, *names))
    derived = [column for column in made.columns if column not in {key, *names}]
    differs = pl.any_horizontal(made[column].ne_missing(rows[column]) for column in derived)
    return made.select(key, *derived).filter(differs)


def derived_columns(name: str) -> list[str]:
    """The names of a dimension's derived attributes."""
    key, names = DIMENSIONS[name]
    empty = pl.DataFrame(schema={key: pl.Int64} | dict.fromkeys(names, pl.String))
    return [column for column in with_derived(name, empty).columns if column not in {key, *names}]
