"""Processes that may be one: same title, buyer and day under two ocids. Pure."""

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns
from domain.shared.surrogate_keys import with_key

CODE = "duplicate_process"
NAME = "Distinct processes"
DESCRIPTION = "no other process has the same title, the same buyer and the same day (tender end, else first published)"
RULE = "one process under two ocids, as real data has it"
GROUPS: Columns = {"likeness": pl.Int64, "source": pl.String, "processes": pl.Int64}


def likeness(processes: pl.DataFrame) -> pl.DataFrame:
    """ocid and `likeness`, a hash of title, buyer and day, of the processes (silver) that have all three."""
    title = pl.col("title").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    stated = processes.select(
        "ocid",
        title.alias("title"),
        pl.col("buyer_organization_id").alias("buyer"),
        pl.coalesce("tender_end", "first_published").dt.date().alias("day"),
    )
    known = stated.drop_nulls().filter((pl.col("title") != "") & (pl.col("buyer") != UNKNOWN))
    return with_key(known, "likeness", ["title", "buyer", "day"]).select("ocid", "likeness")


def count_groups(assessed: pl.DataFrame) -> pl.DataFrame:
    """GROUPS of assessed processes."""
    known = assessed.drop_nulls("likeness")
    return known.group_by("likeness", "source").agg(pl.len().cast(pl.Int64).alias("processes")).select(list(GROUPS))


def duplicates_by_source(groups: pl.DataFrame) -> pl.DataFrame:
    """source and `failed`: the processes that are like another one."""
    total = pl.col("processes").sum().over("likeness")
    return groups.filter(total > 1).group_by("source").agg(pl.col("processes").sum().alias("failed"))


def changed_groups(present: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The groups `present` after the processes assessed as `before` are those of `after`."""
    left = count_groups(before).with_columns(-pl.col("processes"))
    summed = (
        pl.concat([present, left, count_groups(after)]).group_by("likeness", "source").agg(pl.col("processes").sum())
    )
    return summed.filter(pl.col("processes") > 0).select(list(GROUPS))
