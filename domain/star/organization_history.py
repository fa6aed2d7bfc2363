"""The type 2 history of organisations: versions follow the processes that mention them. Pure.

A version is valid from the first date on which a process states it until the next version of its organisation is valid.
It exists while processes mention it. A version from a reference table is current as long as it exists, and in no chain.
"""

from dataclasses import dataclass

import polars as pl

from domain.lake.silver import INSTANT, Columns
from domain.star.model import UNKNOWN_ORGANIZATION

# Rows of bridge_process_organization: which processes mention which version.
MENTIONS: Columns = {
    "process_key": pl.Int64,
    "organization_key": pl.Int64,
    "role": pl.String,
    "organization_id": pl.String,
    "last_published": INSTANT,
}
# Columns of dim_organization that follow from mentions.
VERSIONS: Columns = {
    "organization_key": pl.Int64,
    "organization_id": pl.String,
    "identity": pl.String,
    "reference": pl.Boolean,
    "uses": pl.Int64,
    "valid_from": INSTANT,
    "valid_to": INSTANT,
    "is_current": pl.Boolean,
}
NO_MENTIONS = pl.DataFrame(schema=MENTIONS)
NO_ATTRIBUTES = pl.DataFrame(schema={"organization_key": pl.Int64, "organization_id": pl.String})
FIRST_MENTIONS: Columns = {"organization_key": pl.Int64, "first_mention": INSTANT}
CHANGING = ["uses", "valid_from", "valid_to", "is_current"]


@dataclass(frozen=True)
class VersionChanges:
    """Changes to dim_organization: keys of deleted versions, CHANGING of changed ones, rows of new ones."""

    deleted: pl.Series
    changed: pl.DataFrame
    added: pl.DataFrame


def count_mentions(present: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return the versions (VERSIONS) of some organisations when the mentions `before` become those `after`.

    `first`: the first date among the mentions `after`. `first_left`: the mention that gives `valid_from` may be one of
    `before`; then the first mention by other processes counts.
    """
    c = pl.col
    version = ["organization_key", "organization_id"]
    now = after.lazy().group_by(version).agg(pl.len().alias("more"), c("last_published").min().alias("first"))
    then = before.lazy().group_by(version).agg(pl.len().alias("fewer"), c("last_published").min().alias("left"))
    known = present.lazy().join(now, on=version, how="full", coalesce=True).join(then, on=version, how="left")
    more, fewer = (c(name).fill_null(0).cast(pl.Int64) for name in ("more", "fewer"))
    is_first = (c("left") <= c("valid_from")).fill_null(value=False)
    counted = known.with_columns(
        pl.coalesce(c("identity"), c("identity").drop_nulls().first().over("organization_id"), "organization_id"),
        c("reference").fill_null(value=False),
        c("uses").fill_null(0) + more - fewer,
        (c("fewer").is_not_null() & (c("valid_from").is_null() | is_first)).alias("first_left"),
    )
    return counted.drop("more", "fewer", "left").collect()


def version_changes(
    present: pl.DataFrame,
    counted: pl.DataFrame,
    first_mentions: pl.DataFrame | None = None,
    attributes: pl.DataFrame | None = None,
) -> VersionChanges:
    """Return the changes from the `present` versions of some organisations, all of each, to those of `count_mentions`.

    `first_mentions` (FIRST_MENTIONS): of the versions with `first_left`, by other processes. `attributes`: rows of
    organisations (model.py), from which new versions are made.
    """
    c = pl.col
    key = "organization_key"
    firsts = pl.LazyFrame(schema=FIRST_MENTIONS) if first_mentions is None else first_mentions.lazy()
    dated = counted.lazy().join(firsts, on=key, how="left")
    since = pl.when("first_left").then("first_mention").otherwise("valid_from")
    versions = dated.with_columns(pl.min_horizontal(since, "first").alias("valid_from"))
    existing = versions.filter((c("uses") > 0) | (c(key) == UNKNOWN_ORGANIZATION))
    wanted = _with_periods(existing).select(list(VERSIONS)).collect()
    differs = pl.any_horizontal(c(name).ne_missing(c(f"{name}_before")) for name in CHANGING)
    rows = NO_ATTRIBUTES if attributes is None else attributes
    changed = wanted.join(present, on=key, how="inner", suffix="_before").filter(differs).select(key, *CHANGING)
    new = wanted.join(present, on=key, how="anti").drop("organization_id")
    deleted = present.join(wanted, on=key, how="anti")[key]
    return VersionChanges(deleted, changed, rows.join(new, on=key, how="inner"))


def period_changes(present: pl.DataFrame) -> VersionChanges:
    """Return the changes that give the versions of some organisations, all of each, the periods of their dates."""
    return version_changes(present, count_mentions(present, NO_MENTIONS, NO_MENTIONS))


def recounted_versions(present: pl.DataFrame, mentions: pl.DataFrame) -> VersionChanges:
    """Return the changes that give the versions of some organisations what all their mentions state."""
    blank = present.with_columns(pl.when("reference").then(name).alias(name) for name in ("uses", "valid_from"))
    return version_changes(present, count_mentions(blank, NO_MENTIONS, mentions))


def _with_periods(versions: pl.LazyFrame) -> pl.LazyFrame:
    """Set `valid_to` and `is_current`: each version ends when the next one of its organisation begins."""
    c = pl.col
    chain = ["organization_id", "reference"]
    is_last = c("organization_key") == c("organization_key").last().over(chain)
    until = c("valid_from").shift(-1).over(chain)
    has_reference = c("reference").any().over("organization_id")
    return versions.sort("valid_from", "organization_key").with_columns(
        pl.when(~c("reference")).then(until).alias("valid_to"),
        (c("reference") | (is_last & ~has_reference)).alias("is_current"),
    )
