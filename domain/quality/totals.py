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
ALWAYS = pl.col("process_key").is_not_null()
_BITS = {field.name: bit for bit, field in enumerate(FIELDS)}


def quality_totals(assessed: pl.DataFrame, notes: pl.DataFrame) -> pl.DataFrame:
    """The totals (TOTALS) of assessed processes and their notes (NOTES), without duplicates of processes."""
    processes = assessed.lazy().with_columns(pl.col("source").fill_null(NO_SOURCE))
    parts = [
        _wide(processes, "process", [("", ALWAYS, ~ALWAYS)]),
        _wide(
            processes,
            "field",
            [(field.name, _may_have(field.of), ~_has("present", bit)) for bit, field in enumerate(FIELDS)],
        ),
        _wide(
            processes,
            "check",
            [(check.code, _has("checked", bit), _has("failed", bit)) for bit, check in enumerate(CHECKS)]
            + [(duplicates.CODE, pl.col("likeness").is_not_null(), ~ALWAYS)],
        ),
    ]
    noted = notes.lazy().join(processes.select("process_key", "source"), on="process_key", how="inner")
    parts.append(
        noted.group_by("source", "code").agg(
            pl.lit("note").alias("kind"),
            pl.col("process_key").n_unique().alias("applicable"),
            pl.len().alias("occurrences"),
        )
    )
    return _summed(parts)


def duplicate_totals(groups: pl.DataFrame) -> pl.DataFrame:
    """The totals (TOTALS) of processes that are like another one."""
    found = duplicates.duplicates_by_source(groups.with_columns(pl.col("source").fill_null(NO_SOURCE)))
    return _summed([found.lazy().with_columns(kind=pl.lit("check"), code=pl.lit(duplicates.CODE))])


def totals_difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What to add to the totals `before` to get `after`."""
    return _summed([before.lazy().with_columns(-pl.col(COUNTS)), after.lazy()])


def add_totals(present: pl.DataFrame, difference: pl.DataFrame) -> pl.DataFrame:
    """The totals `present` with the difference added."""
    return _summed([present.lazy(), difference.lazy()])


def _has(column: str, bit: int) -> pl.Expr:
    return (pl.col(column) & pl.lit(1 << bit, dtype=pl.Int64)) != 0


def _may_have(field: str | None) -> pl.Expr:
    return ALWAYS if field is None else _has("present", _BITS[field])


def _wide(processes: pl.LazyFrame, kind: str, judged: Sequence[tuple[str, pl.Expr, pl.Expr]]) -> pl.LazyFrame:
    """A row per source and code, from (code, whether it applies, whether it fails)."""
    counted = processes.group_by("source").agg(
        [applies.sum().cast(pl.Int64).alias(f"a{at}") for at, (_, applies, _) in enumerate(judged)]
        + [(applies & fails).sum().cast(pl.Int64).alias(f"f{at}") for at, (_, applies, fails) in enumerate(judged)]
    )
    listed = [
        pl.struct(pl.lit(code).alias("code"), pl.col(f"a{at}").alias("applicable"), pl.col(f"f{at}").alias("failed"))
        for at, (code, _, _) in enumerate(judged)
    ]
    rows = counted.select("source", pl.concat_list(listed).alias("judged")).explode("judged").unnest("judged")
    return rows.with_columns(pl.lit(kind).alias("kind"))


def _summed(parts: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    empty = pl.LazyFrame(schema=TOTALS)
    rows = pl.concat([empty, *parts], how="diagonal_relaxed")
    summed = rows.group_by(KEYS).agg(pl.col(COUNTS).sum().cast(pl.Int64))
    return summed.filter(pl.any_horizontal(pl.col(name) != 0 for name in COUNTS)).sort(KEYS).collect()
