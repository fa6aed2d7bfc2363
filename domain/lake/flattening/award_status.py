"""Which awards count in totals, by their status. Pure.

OCDS has four statuses: pending (proposed), active (in force), cancelled and unsuccessful (no supplier). Every award is
a fact; totals count those that are active or have no status, because much data publishes awards without one.
"""

import polars as pl

from domain.raw_records.note_codes import NOTES

ACTIVE_STATUS = "active"
UNCOUNTED_STATUSES = ("pending", "cancelled", "unsuccessful")
STATUS_NOTE_CODE = "award_status_unknown"


def counts_in_totals(status: pl.Expr) -> pl.Expr:
    """Whether an award of this status counts in totals; capitals don't matter."""
    return status.is_null() | (status.str.to_lowercase() == ACTIVE_STATUS)


def unknown_status_notes(awards: pl.DataFrame) -> pl.DataFrame:
    """Return silver `note` rows for awards (silver `award` rows) whose status is not one of OCDS."""
    unknown = awards.filter(~pl.col("status").str.to_lowercase().is_in([ACTIVE_STATUS, *UNCOUNTED_STATUSES]))
    return unknown.select(
        "silver_batch",
        "ocid",
        pl.lit(None, pl.String).alias("record_id"),
        pl.lit(STATUS_NOTE_CODE).alias("code"),
        pl.format("/awards/{}/status", "position").alias("path"),
        pl.format("{}: {}", pl.lit(NOTES[STATUS_NOTE_CODE]), pl.col("status").str.head(80)).alias("message"),
    )
