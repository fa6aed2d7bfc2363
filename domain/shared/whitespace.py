"""Whitespace in names and codes: none at the ends, one space inside, so that a value that is shown can be asked for. Pure."""

from collections.abc import Sequence

import polars as pl

UNTIDY = r"^$|^\s|\s$|\s\s|[^\S ]|[\x1c-\x1f]"  # what `tidy_text` would change; \x1c to \x1f are whitespace to Python alone
TEXT_SEPARATOR = "\x00"  # which no text has
UNTIDY_TOGETHER = r"^$|^[\s\x00]|[\s\x00]$|[\s\x00]{2}|[^\S ]|[\x1c-\x1f]"  # of texts put together with EDGE between them
SPACES = r"[\s\x1c-\x1f]+"
NOTE_CODE = "whitespace_removed"
CHANGED = {"silver_batch": pl.Int64, "ocid": pl.String, "text": pl.String}


def tidy_text(text: str) -> str:
    """The text without whitespace at its ends, and with one space for each run of whitespace inside."""
    return " ".join(text.split())


def tidy_columns(frame: pl.DataFrame, columns: Sequence[str], changed: list[pl.DataFrame] | None = None) -> pl.DataFrame:
    """The frame with these text columns as `tidy_text` has them; blank texts become null.

    The texts that change, but for empty ones, are added to `changed` as rows of CHANGED.
    """
    tidied: list[pl.Series] = []
    for texts in (frame[name] for name in columns):
        if not _any_untidy(texts):
            continue
        where = texts.str.contains(UNTIDY).fill_null(value=False).arg_true()
        found = texts.gather(where)
        better = found.str.replace_all(SPACES, " ").str.strip_chars(" ")
        tidied.append(texts.clone().scatter(where, better.set(better == "", None)))
        if changed is not None:
            changed.append(frame.select("silver_batch", "ocid")[where].with_columns(found.alias("text")).filter(pl.col("text") != ""))
    return frame.with_columns(tidied)


def _any_untidy(texts: pl.Series) -> bool:
    """Whether any of the texts is untidy: sought in all of them put together, which costs half of looking at each."""
    if texts.null_count() == texts.len():
        return False
    return bool(texts.str.join(TEXT_SEPARATOR).str.contains(UNTIDY_TOGETHER).any())


def whitespace_notes(changed: Sequence[pl.DataFrame], message: str) -> pl.DataFrame:
    """A note (silver `note`) for each process of which texts were changed: the first one, and how many more."""
    rows = pl.concat([pl.DataFrame(schema=CHANGED), *changed]).unique(maintain_order=True)
    found = rows.group_by("silver_batch", "ocid", maintain_order=True).agg(pl.col("text").first().str.head(80), (pl.len() - 1).alias("more"))
    first = pl.concat_str(pl.lit(f"{message}: '"), "text", pl.lit("'"))
    told = pl.when(pl.col("more") > 0).then(pl.format("{} and {} more", first, "more")).otherwise(first)
    return found.select("silver_batch", "ocid", record_id=pl.lit(None, pl.String), code=pl.lit(NOTE_CODE), path=pl.lit(""), message=told)
