"""Which awards count in totals, and as what their suppliers won. Pure.

OCDS has four statuses: pending (proposed), active (in force), cancelled and unsuccessful (nobody got it). An award is a fact whatever its
status; it counts in totals where it is active, or where no status is published, as in much of the data: who publishes an award without
saying that it failed means that it was made.
"""

import polars as pl

from domain.raw_records.note_codes import NOTES

ACTIVE_STATUS = "active"
UNCOUNTED_STATUSES = ("pending", "cancelled", "unsuccessful")
STATUS_NOTE_CODE = "award_status_unknown"


def counts_in_totals(status: pl.Expr) -> pl.Expr:
    """Whether an award of this status counts in totals; capitals don't matter."""
    return status.is_null() | (status.str.to_lowercase() == ACTIVE_STATUS)


def is_counted(status: str | None) -> bool:
    """As `counts`, of one award."""
    return status is None or status.lower() == ACTIVE_STATUS


def unknown_status_notes(awards: pl.DataFrame) -> pl.DataFrame:
    """A note (silver `note`) for each award whose status is none of the standard's, of rows of silver `award`."""
    odd = awards.filter(~pl.col("status").str.to_lowercase().is_in([ACTIVE_STATUS, *UNCOUNTED_STATUSES]))
    return odd.select(
        "silver_batch",
        "ocid",
        pl.lit(None, pl.String).alias("record_id"),
        pl.lit(STATUS_NOTE_CODE).alias("code"),
        pl.format("/awards/{}/status", "position").alias("path"),
        pl.format("{}: {}", pl.lit(NOTES[STATUS_NOTE_CODE]), pl.col("status").str.head(80)).alias("message"),
    )
