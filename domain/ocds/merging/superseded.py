"""Selects the releases that a process is compiled from if some of them are compiled releases. Pure."""

import polars as pl

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note

COMPILED_ONLY_MARK = '"code":"compiled_only"'  # in the notes of a record that is a compiled release


def without_superseded(releases: pl.DataFrame) -> pl.DataFrame:
    """The releases, in order, without those that a compiled release supersedes: all up to its date.

    Merging a compiled release with its sources, or with an earlier compiled release, would repeat elements without an
    id and keep removed values. Adds `superseded`, the number of releases that each one supersedes, and `first`, the
    first date.
    """
    compiled = pl.col("notes").fill_null("").str.contains(COMPILED_ONLY_MARK, literal=True)
    numbered = releases.with_columns(
        pl.int_range(pl.len()).alias("place"), pl.col("date").min().over("ocid").alias("first")
    )
    last = pl.col("place").filter(compiled).max().over("ocid")
    until = pl.col("date").filter(compiled).max().over("ocid")
    is_kept = (last.is_null() | (pl.col("place") == last) | (pl.col("date") > until)).alias("stays")
    count = pl.when(pl.col("place") == last).then((~is_kept).sum().over("ocid")).otherwise(0).alias("superseded")
    return numbered.with_columns(is_kept, count).filter("stays").drop("place", "stays")


def superseded_note(count: int) -> Note:
    """The note on a compiled release that supersedes `count` releases."""
    return note("compiled_supersedes", detail=str(count))
