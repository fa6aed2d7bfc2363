"""Totals of data quality by source, updated by differences. Pure."""

from collections.abc import Sequence

import polars as pl

from domain.lake.silver import Columns
from domain.quality import duplicates
from domain.quality.checks import CHECKS
from domain.quality.fields import FIELDS

KEYS = ["source", "kind", "code"]
COUNTS = ["applicable", "failed", "occurrences"]
# kind `process`: number of processes. `field`: processes that may have it, and lack it. `check`: processes that it
# applies to, and that fail it. `note`: processes with a note of this code, and number of notes.
TOTALS: Columns = {**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(COUNTS, pl.Int64)}
NOTES: Columns = {"process_key": pl.Int64, "code": pl.String}
NO_SOURCE = ""  # of processes whose ocid has no prefix
# The bit of each code, and that of the field that a field is part of (0: of none).
_BITS = {field.name: 1 << bit for bit, field in enumerate(FIELDS)}
_FIELDS = pl.LazyFrame(
    {"code": list(_BITS), "bit": list(_BITS.values()), "of": [_BITS.get(field.of or "", 0) for field in FIELDS]}
)
_CHECKS = pl.LazyFrame(
    {"code": [check.code for check in CHECKS], "bit": [1 << bit for bit in range(len(CHECKS))]},
    schema={"code": pl.String, "bit": pl.Int64},
)


def quality_totals(assessed: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
    """The totals (TOTALS) of assessed processes and their notes (NOTES), without duplicates of processes."""
    if not assessed.height:
        return pl.DataFrame(schema=TOTALS)
    c = pl.col
    processes = assessed.lazy().with_columns(c("source").fill_null(NO_SOURCE))
    alike = processes.group_by("source", "present", "checked", "failed")
    # Processes with the same bits are counted together: a slice has few different ones.
    counted = alike.agg(pl.len().alias("number"), c("likeness").count().alias("comparable")).collect().lazy()
    may_have = (c("of") == 0) | _has("present", "of")
    fields = counted.join(_FIELDS, how="cross").filter(may_have).group_by("source", "code")
    checks = counted.join(_CHECKS, how="cross").group_by("source", "code")
    noted = notes.lazy().join(processes.select("process_key", "source"), on="process_key", how="inner")
    parts = [
        counted.group_by("source").agg(c("number").sum().alias("applicable")).with_columns(_kind("process", "")),
        fields.agg(
            c("number").sum().alias("applicable"), c("number").filter(~_has("present", "bit")).sum().alias("failed")
        ).with_columns(_kind("field")),
        checks.agg(
            c("number").filter(_has("checked", "bit")).sum().alias("applicable"),
            c("number").filter(_has("failed", "bit")).sum().alias("failed"),
        ).with_columns(_kind("check")),
        counted.group_by("source")
        .agg(c("comparable").sum().alias("applicable"))
        .with_columns(_kind("check", duplicates.CODE)),
        noted.group_by("source", "code")
        .agg(c("process_key").n_unique().alias("applicable"), pl.len().alias("occurrences"))
        .with_columns(_kind("note")),
    ]
    return _summed(parts)


def duplicate_totals(groups: pl.DataFrame) -> pl.DataFrame:
    """The totals (TOTALS) of processes that are like another one."""
    if not groups.height:
        return pl.DataFrame(schema=TOTALS)
    found = duplicates.duplicates_by_source(groups.with_columns(pl.col("source").fill_null(NO_SOURCE)))
    return _summed([found.lazy().with_columns(kind=pl.lit("check"), code=pl.lit(duplicates.CODE))])


def totals_difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What to add to the totals `before` to get `after`."""
    return _summed([before.lazy().with_columns(-pl.col(COUNTS)), after.lazy()])


def add_totals(present: pl.DataFrame, difference: pl.DataFrame) -> pl.DataFrame:
    """The totals `present` with the difference added."""
    return _summed([present.lazy(), difference.lazy()])


def _has(column: str, bit: str) -> pl.Expr:
    return (pl.col(column) & pl.col(bit)) != 0


def _kind(kind: str, code: str | None = None) -> list[pl.Expr]:
    named = [pl.lit(kind).alias("kind")]
    return named if code is None else [*named, pl.lit(code).alias("code")]


def _summed(parts: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    empty = pl.LazyFrame(schema=TOTALS)
    rows = pl.concat([empty, *parts], how="diagonal_relaxed")
    summed = rows.group_by(KEYS).agg(pl.col(COUNTS).sum().cast(pl.Int64))
    return summed.filter(pl.any_horizontal(pl.col(name) != 0 for name in COUNTS)).sort(KEYS).collect()
