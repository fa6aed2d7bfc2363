"""Aggregates per organisation and role over all processes, updated by differences. Pure.

Money is summed in whole cents, because sums of floats depend on their order.
"""

import polars as pl

from domain.lake.flattening.award_status import counts_in_totals
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns
from domain.star.model import Star

ANY_ROLE = ""  # the role of the row that counts processes in any role
KEYS = ["organization_id", "role"]
COUNTS = ["processes", "awards", "priced", "cents"]
TOTALS: Columns = {"organization_id": pl.String, "role": pl.String, **dict.fromkeys(COUNTS, pl.Int64)}
# Columns of award rows; `amount_base` is the supplier's share in the base currency.
AWARDS: Columns = {"supplier_id": pl.String, "buyer_id": pl.String, "status": pl.String, "amount_base": pl.Float64}
NO_AWARDS = pl.DataFrame(schema=AWARDS)


def organization_totals(bridge: pl.DataFrame, awards: pl.DataFrame) -> pl.DataFrame:
    """Return the totals (TOTALS) of bridge rows (process_key, organization_id, role) and award rows (AWARDS), by KEYS.

    `processes` counts distinct processes. Awards that count (domain/lake/flattening/award_status.py) count for their
    supplier and their buyer; `priced` counts those whose `cents` are known: not those of frameworks and placeholders.
    """
    c = pl.col
    named = bridge.lazy().select("process_key", *KEYS).unique()
    in_any_role = named.select("process_key", "organization_id", pl.lit(ANY_ROLE).alias("role")).unique()
    parts = [part.group_by(KEYS).agg(pl.len().alias("processes")) for part in (named, in_any_role)]
    priced = (
        awards.lazy()
        .filter(counts_in_totals(c("status")))
        .with_columns((c("amount_base") * 100 + 0.5).floor().cast(pl.Int64).alias("cents"))
    )
    for role in ("supplier", "buyer"):
        organization = c(f"{role}_id").alias("organization_id")
        counted = priced.select(organization, pl.lit(role).alias("role"), "cents").drop_nulls("organization_id")
        parts.append(
            counted.group_by(KEYS).agg(pl.len().alias("awards"), c("cents").count().alias("priced"), c("cents").sum())
        )
    return _summed(parts).collect()


def totals_difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return the rows to add to the totals `before` to get `after`, without rows of zeros."""
    if not before.height:
        return after
    moved = _summed([before.lazy().with_columns(-pl.col(COUNTS)), after.lazy()])
    return moved.filter(pl.any_horizontal(pl.col(name) != 0 for name in COUNTS)).collect()


def add_totals(present: pl.DataFrame, difference: pl.DataFrame) -> pl.DataFrame:
    """Return the totals `present` with the difference added, without organisations and roles that have none left."""
    summed = _summed([present.lazy(), difference.lazy()])
    return summed.filter((pl.col("processes") > 0) | (pl.col("awards") > 0)).collect()


def awards_of(star: Star) -> pl.DataFrame:
    """Return the award rows (AWARDS) of a star."""
    ids = star.organizations.lazy().select("organization_key", "organization_id")
    status = star.dimensions["dim_status"].lazy().select("status_key", "status")
    awards = star.facts["fact_award"].lazy().join(status, on="status_key", how="left")
    for role in ("supplier", "buyer"):
        named = ids.select(pl.all().name.replace("organization", role))
        awards = awards.join(named, on=f"{role}_key", how="left")
    return awards.select(list(AWARDS)).collect()


def _summed(parts: list[pl.LazyFrame]) -> pl.LazyFrame:
    empty = pl.LazyFrame(schema=TOTALS)
    rows = pl.concat([empty, *parts], how="diagonal_relaxed").filter(pl.col("organization_id") != UNKNOWN)
    return rows.group_by(KEYS).agg(pl.col(COUNTS).sum().cast(pl.Int64)).sort(KEYS)
