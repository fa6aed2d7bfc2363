"""Normalises whitespace in names and codes: none at the ends, single spaces inside, so that filters match. Pure."""

from collections.abc import Sequence

import polars as pl

UNTIDY = r"^$|^\s|\s$|\s\s|[^\S ]|[\x1c-\x1f]"  # texts that `tidy_text` changes; \x1c-\x1f as in Python
TEXT_SEPARATOR = "\x00"  # occurs in no text
UNTIDY_TOGETHER = r"^$|^[\s\x00]|[\s\x00]$|[\s\x00]{2}|[^\S ]|[\x1c-\x1f]"  # UNTIDY for texts joined by TEXT_SEPARATOR
SPACES = r"[\s\x1c-\x1f]+"
NOTE_CODE = "whitespace_removed"
CHANGED = {"silver_batch": pl.Int64, "ocid": pl.String, "text": pl.String}


def tidy_text(text: str) -> str:
    """Strip whitespace at the ends and collapse each inner run to one space."""
    return " ".join(text.split())


def tidy_columns(
    frame: pl.DataFrame, columns: Sequence[str], changed: list[pl.DataFrame] | None = None
) -> pl.DataFrame:
    """Apply `tidy_text` to these columns; blank texts become null.

    Texts that change, except empty ones, are appended to `changed` as rows of CHANGED.
    """
    tidied: list[pl.Series] = []
    for texts in (frame[name] for name in columns):
        if not _any_untidy(texts):
            continue
        where = texts.str.contains(UNTIDY).fill_null(value=False).arg_true()
        found = texts.gather(where)
        tidy = found.str.replace_all(SPACES, " ").str.strip_chars(" ")
        tidied.append(texts.clone().scatter(where, tidy.set(tidy == "", None)))
        if changed is not None:
            changed.append(
                frame.select("silver_batch", "ocid")[where]
                .with_columns(found.alias("text"))
                .filter(pl.col("text") != "")
            )
    return frame.with_columns(tidied)


def _any_untidy(texts: pl.Series) -> bool:
    """Whether any text is untidy; searches all texts joined, at half the cost of searching each."""
    if texts.null_count() == texts.len():
        return False
    return bool(texts.str.join(TEXT_SEPARATOR).str.contains(UNTIDY_TOGETHER).any())


def whitespace_notes(changed: Sequence[pl.DataFrame], message: str) -> pl.DataFrame:
    """One silver `note` per process with changed texts: the first text, and the number of further ones."""
    rows = pl.concat([pl.DataFrame(schema=CHANGED), *changed]).unique(maintain_order=True)
    found = rows.group_by("silver_batch", "ocid", maintain_order=True).agg(
        pl.col("text").first().str.head(80), (pl.len() - 1).alias("more")
    )
    first = pl.concat_str(pl.lit(f"{message}: '"), "text", pl.lit("'"))
    messages = pl.when(pl.col("more") > 0).then(pl.format("{} and {} more", first, "more")).otherwise(first)
    return found.select(
        "silver_batch",
        "ocid",
        record_id=pl.lit(None, pl.String),
        code=pl.lit(NOTE_CODE),
        path=pl.lit(""),
        message=messages,
    )
