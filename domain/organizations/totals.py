"""Totals of identities: those of their organisations, with each contracting process counted once. Pure."""

import polars as pl

from domain.star.organization_totals import ANY_ROLE, COUNTS, KEYS


def identity_totals(totals: pl.DataFrame, members: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """Return the totals (TOTALS) of identities, as `organization_id`.

    `totals` (TOTALS) of the members; `members`: member_id and organization_id, the identity; `mentions`
    (organization_id, process_key, role) of the members of identities with several: their processes are counted anew.
    """
    named = members.lazy().rename({"organization_id": "identity", "member_id": "organization_id"})
    added = totals.lazy().join(named, on="organization_id", how="inner").drop("organization_id")
    summed = added.rename({"identity": "organization_id"}).group_by(KEYS).agg(pl.col(COUNTS).sum())
    of_identity = (
        mentions.lazy().join(named, on="organization_id", how="inner").select("identity", "process_key", "role")
    )
    roles = pl.concat([of_identity, of_identity.with_columns(pl.lit(ANY_ROLE).alias("role"))]).unique()
    counted = roles.group_by(pl.col("identity").alias("organization_id"), "role").agg(
        pl.len().cast(pl.Int64).alias("distinct")
    )
    recounted = summed.join(counted, on=KEYS, how="left")
    return (
        recounted.with_columns(pl.coalesce("distinct", "processes").alias("processes"))
        .drop("distinct")
        .sort(KEYS)
        .collect()
    )
