"""Which of its releases a process is compiled from, where compiled releases are among them. Pure."""

import polars as pl

from domain.raw_records.note_codes import NOTES
from domain.raw_records.record import Note

COMPILED_ONLY_MARK = '"code":"compiled_only"'  # in the notes of a record that is a compiled release


def without_superseded(releases: pl.DataFrame) -> pl.DataFrame:
    """The releases, in order, that a process is compiled from: none that a compiled release stands for, which is dated as the last of them.

    Merged with what it was made of, or with the one that was published the day before, it would count all without an id twice, and keep what it no
    longer says. `superseded` is how many each of them stands for, `first` when the process was first published.
    """
    compiled = pl.col("notes").fill_null("").str.contains(COMPILED_ONLY_MARK, literal=True)
    numbered = releases.with_columns(pl.int_range(pl.len()).alias("place"), pl.col("date").min().over("ocid").alias("first"))
    last = pl.col("place").filter(compiled).max().over("ocid")
    until = pl.col("date").filter(compiled).max().over("ocid")
    stays = (last.is_null() | (pl.col("place") == last) | (pl.col("date") > until)).alias("stays")
    told = pl.when(pl.col("place") == last).then((~stays).sum().over("ocid")).otherwise(0).alias("superseded")
    return numbered.with_columns(stays, told).filter("stays").drop("place", "stays")


def superseded_note(count: int) -> Note:
    """What is noted on a compiled release that stands for so many others."""
    return Note(code="compiled_supersedes", path="", message=f"{NOTES['compiled_supersedes']}: {count}")
