"""What a consistency check is. Checks are polars expressions over the rows of a silver table."""

from dataclasses import dataclass

import polars as pl

UNIQUENESS = "uniqueness"  # a check that compares processes, see domain/quality/duplicates.py


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule that rows of `table` (domain/quality/context.py) keep where it applies.

    A failure becomes a note with this code at `path` ({}: position of the row), whose message shows `values`, columns.
    Without `fails`, the rule is judged before: rows that break it have a note of this code in silver.
    """

    code: str
    name: str
    description: str
    rule: str  # where the rule comes from
    table: str
    applies: pl.Expr
    fails: pl.Expr | None = None
    path: str = ""
    values: tuple[str, ...] = ()


def day(column: str) -> pl.Expr:
    """The UTC day of an instant: much data publishes days as midnight, so instants of one day are not compared."""
    return pl.col(column).dt.date()


def both(first: str, second: str) -> pl.Expr:
    """Whether a row has both values."""
    return pl.col(first).is_not_null() & pl.col(second).is_not_null()
