"""What an organisation did, by role, over all processes: counts and money that only ever grow or shrink by what a change adds or takes away. Pure.

Money is summed as whole cents, for sums of floats depend on their order.
"""

import polars as pl

from domain.lake.flattening.award_status import counts_in_totals
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns

ANY_ROLE = ""  # the role of the row that counts processes in whatever role
MAX_AMOUNT = 1e12  # units of the base currency; an amount this large is a placeholder, and no money
KEYS = ["organization_id", "role"]
COUNTS = ["processes", "awards", "priced", "cents"]
TOTALS: Columns = {"organization_id": pl.String, "role": pl.String, **dict.fromkeys(COUNTS, pl.Int64)}
# Award rows: who got it, who gave it, its status, and the supplier's share in the base currency.
AWARDS: Columns = {"supplier_id": pl.String, "buyer_id": pl.String, "status": pl.String, "amount_base": pl.Float64}


def organization_totals(bridge: pl.DataFrame, awards: pl.DataFrame) -> pl.DataFrame:
    """The totals (TOTALS) of bridge rows (process_key, organization_id, role) and award rows (AWARDS), in order of their keys.

    `processes` are distinct ones. Awards that are active, or have no status (domain/lake/flattening/award_status.py),
    count for their supplier and for their buyer;
    `priced` are those whose `cents` are known.
    """
    c = pl.col
    named = bridge.lazy().select("process_key", *KEYS).unique()
    anyhow = named.select("process_key", "organization_id", pl.lit(ANY_ROLE).alias("role")).unique()
    parts = [part.group_by(KEYS).agg(pl.len().alias("processes")) for part in (named, anyhow)]
    priced = (
        awards.lazy()
        .filter(counts_in_totals(c("status")))
        .with_columns(pl.when(c("amount_base").abs() < MAX_AMOUNT).then((c("amount_base") * 100 + 0.5).floor()).cast(pl.Int64).alias("cents"))
    )
    for role in ("supplier", "buyer"):
        given = priced.select(c(f"{role}_id").alias("organization_id"), pl.lit(role).alias("role"), "cents").drop_nulls("organization_id")
        parts.append(given.group_by(KEYS).agg(pl.len().alias("awards"), c("cents").count().alias("priced"), c("cents").sum()))
    return _summed(parts).collect()


def totals_difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What to add to totals that hold `before` so that they hold `after`; rows of nothing but zeros are left out."""
    if not before.height:
        return after
    moved = _summed([before.lazy().with_columns(-pl.col(COUNTS)), after.lazy()])
    return moved.filter(pl.any_horizontal(pl.col(name) != 0 for name in COUNTS)).collect()


def _summed(parts: list[pl.LazyFrame]) -> pl.LazyFrame:
    nothing = pl.LazyFrame(schema=TOTALS)
    whole = pl.concat([nothing, *parts], how="diagonal_relaxed").filter(pl.col("organization_id") != UNKNOWN)
    return whole.group_by(KEYS).agg(pl.col(COUNTS).sum().cast(pl.Int64)).sort(KEYS)
