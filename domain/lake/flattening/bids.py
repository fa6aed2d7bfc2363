"""Bids, payments and amendments as rows of silver. Pure."""

import polars as pl

from domain.lake.flattening.elements import KEYS, ProcessElements, numbered
from domain.lake.flattening.instants import instants

AMENDMENT = {
    "amendment_id": "id",
    "date": "date",
    "rationale": "rationale",
    "description": "description",
    "amends_release_id": "amendsReleaseID",
    "release_id": "releaseID",
}


def flat_bids(bids: pl.DataFrame, tenderer: pl.DataFrame) -> pl.DataFrame:
    """Return silver `bid` rows; `tenderer` holds the bids' tenderers (silver `bid_tenderer`)."""
    counted = tenderer.group_by("ocid", pl.col("bid_position").alias("position")).agg(
        pl.col("organization_id").n_unique().alias("tenderers")
    )
    value = pl.col("value").struct
    rows = bids.select(
        *KEYS,
        "position",
        pl.col("id").alias("bid_id"),
        "status",
        "date",
        value.field("amount"),
        value.field("currency"),
    ).join(counted, on=["ocid", "position"], how="left", maintain_order="left")
    return instants(rows.with_columns(pl.col("tenderers").fill_null(0)), ["date"])


def flat_transactions(transactions: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Return silver `transaction` rows; `payments` holds their payers and payees: KEYS, parent_position, position, role
    and organization_id."""
    priced = pl.col("value").struct.field("amount").is_not_null()
    value = pl.when(priced).then("value").otherwise(pl.coalesce("amount", "value")).struct
    place = ["ocid", "parent_position", "position"]
    rows = transactions.select(
        *KEYS,
        "parent_position",
        "contract_id",
        "position",
        pl.col("id").alias("transaction_id"),
        "date",
        value.field("amount").alias("amount"),
        value.field("currency").alias("currency"),
        "source",
        pl.col("uri").alias("url"),
    )
    for role in ("payer", "payee"):
        named = payments.filter(pl.col("role") == role).select(
            *place, pl.col("organization_id").alias(f"{role}_organization_id")
        )
        rows = rows.join(named, on=place, how="left", maintain_order="left")
    return instants(rows, ["date"])


def flat_amendments(elements: ProcessElements) -> pl.DataFrame:
    """Return silver `amendment` rows: those of `amendments`, then the deprecated `amendment` unless it is one of them.

    It is one of them if they have the same id, else the same date and texts. An empty one is left out.
    """
    parents = elements.parents("amendments", "amendment")
    rows = pl.concat(frame.with_columns(pl.lit(level).alias("level")) for level, frame in parents.items())
    fields = [pl.col("amendment").struct.field(old).alias(new) for new, old in AMENDMENT.items()]
    parent = [*KEYS, "level", "parent_position", "parent_id"]
    listed = numbered(rows.select(*parent, pl.col("amendments").alias("amendment")), "amendment", "position")
    found = listed.select(*parent, "position", *fields)
    after = pl.col("amendments").list.len().fill_null(0).cast(pl.Int32).alias("position")
    alone = rows.filter(pl.col("amendment").is_not_null()).select(*parent, after, *fields)
    if alone.height:
        found = pl.concat([found, _unlisted(alone, found)])
    return instants(found, ["date"]).sort("ocid", "level", "parent_position", "position", maintain_order=True)


def _unlisted(alone: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The deprecated amendments that are not among those listed."""
    place = ["ocid", "level", "parent_position"]
    texts = [name for name in AMENDMENT if name != "amendment_id"]
    has_id = pl.col("amendment_id").is_not_null()
    identified = alone.filter(has_id).join(listed, on=[*place, "amendment_id"], how="anti")
    others = alone.filter(~has_id, pl.any_horizontal(pl.col(texts).is_not_null()))
    return pl.concat([identified, others.join(listed, on=[*place, *texts], how="anti", nulls_equal=True)])
