"""Counts of uses: how many fact rows reference each dimension row. A row without uses leaves its dimension. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from domain.lake.silver import Columns
from domain.star.model import DIMENSIONS, REFERENCES, Frames

USES: Columns = {"key": pl.Int64, "uses": pl.Int64}


@dataclass(frozen=True)
class DimensionChanges:
    """Changes to a dimension: keys of rows without uses, rows with other `uses` (USES), and new rows."""

    unused: pl.Series
    changed: pl.DataFrame
    added: pl.DataFrame


def count_uses(facts: Mapping[str, pl.DataFrame]) -> Frames:
    """Return the uses (USES) by dimension; `facts` need the columns of REFERENCES only."""
    return dict(zip(DIMENSIONS, pl.collect_all([_uses(name, facts) for name in DIMENSIONS]), strict=True))


def sum_uses(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the sum of several counts (USES), without zeros."""
    return pl.concat(parts).group_by("key").agg(pl.col("uses").sum()).filter(pl.col("uses") != 0).sort("key")


def uses_difference(before: Frames, after: Frames) -> Frames:
    """Return what to add to the counts `before` to get `after`, by dimension."""
    return {
        name: sum_uses([after[name], before[name].with_columns(-pl.col("uses"))])
        if before[name].height
        else after[name]
        for name in DIMENSIONS
    }


def dimension_changes(
    name: str, present: pl.DataFrame, counted: pl.DataFrame, rows: pl.DataFrame | None = None
) -> DimensionChanges:
    """Return the changes that make the `present` uses those `counted`; `rows` are the attributes of new rows."""
    key = DIMENSIONS[name][0]
    used = counted.filter(pl.col("uses") > 0)
    unused = present.join(used, on="key", how="anti")["key"]
    both = used.join(present, on="key", how="left")
    changed = both.filter(pl.col("uses") != pl.col("uses_right")).select("key", "uses")
    new = both.filter(pl.col("uses_right").is_null()).select(pl.col("key").alias(key), "uses")
    added = new.clear() if rows is None else rows.join(new, on=key, how="inner", maintain_order="left")
    return DimensionChanges(unused, changed, added)


def _uses(dimension: str, facts: Mapping[str, pl.DataFrame]) -> pl.LazyFrame:
    keys = [
        facts[fact].lazy().select(pl.col(column).alias("key"))
        for fact, references in REFERENCES.items()
        for column, target in references.items()
        if fact in facts and target == dimension
    ]
    return (
        pl.concat([pl.LazyFrame(schema={"key": pl.Int64}), *keys])
        .group_by("key")
        .agg(pl.len().cast(pl.Int64).alias("uses"))
    )
