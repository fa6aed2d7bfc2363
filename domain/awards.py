"""Which awards count in totals, and as what their suppliers won. Pure.

OCDS has four statuses: pending (proposed), active (in force), cancelled and unsuccessful (nobody got it). An award is a fact whatever its
status; it counts in totals where it is active, or where no status is published, as in much of the data: who publishes an award without
saying that it failed means that it was made.
"""

import polars as pl

from domain.repair import NOTES

ACTIVE = "active"
UNCOUNTED = ("pending", "cancelled", "unsuccessful")
CODE = "award_status_unknown"


def counts(status: pl.Expr) -> pl.Expr:
    """Whether an award of this status counts in totals; capitals don't matter."""
    return status.is_null() | (status.str.to_lowercase() == ACTIVE)


def is_counted(status: str | None) -> bool:
    """As `counts`, of one award."""
    return status is None or status.lower() == ACTIVE


def odd_statuses(awards: pl.DataFrame) -> pl.DataFrame:
    """A note (silver `note`) for each award whose status is none of the standard's, of rows of silver `award`."""
    odd = awards.filter(~pl.col("status").str.to_lowercase().is_in([ACTIVE, *UNCOUNTED]))
    return odd.select(
        "silver_batch",
        "ocid",
        pl.lit(None, pl.String).alias("record_id"),
        pl.lit(CODE).alias("code"),
        pl.format("/awards/{}/status", "position").alias("path"),
        pl.format("{}: {}", pl.lit(NOTES[CODE]), pl.col("status").str.head(80)).alias("message"),
    )
