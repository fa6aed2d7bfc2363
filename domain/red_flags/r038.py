"""R038: many of the bids to a buyer or procuring entity, or of a tenderer, were disqualified."""

import polars as pl

from domain.red_flags.indicator import BUYER, PROCURING_ENTITY, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.organizations import one_source, uncancelled
from domain.red_flags.quartiles import ratio, upper_fence
from domain.red_flags.results import Evaluation, Quartiles, judged, reason, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R038"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> Evaluation:
    c = pl.col
    names = ["process_key", "ocid", "source", "buyer_id", "procuring_entity_id"]
    submitted = inputs.submitted.join(uncancelled(inputs).select(names), on="process_key", how="inner").with_columns(
        disqualified=c("status") == "disqualified"
    )
    ids = {
        BUYER: submitted.rename({"buyer_id": "organization_id"}),
        PROCURING_ENTITY: submitted.rename({"procuring_entity_id": "organization_id"}),
        TENDERER: submitted.explode("tenderers").rename({"tenderers": "organization_id"}),
    }
    parts = [_of_role(role, rows.drop_nulls("organization_id"), inputs, settings) for role, rows in ids.items()]
    results = pl.concat([rows for rows, _ in parts])
    return Evaluation(results, tuple(quartiles for _, quartiles in parts))


def _of_role(
    role: str, bids: pl.DataFrame, inputs: Inputs, settings: RedFlagSettings
) -> tuple[pl.DataFrame, Quartiles]:
    c = pl.col
    fewest = settings.by_source(lambda one: pl.lit(one.R038.minimum_submitted_bids, pl.Int64))
    counted = (
        bids.group_by("organization_id")
        .agg(pl.len().alias("bids"), c("disqualified").sum(), one_source())
        .sort("organization_id")
        .with_columns(ratio(c("disqualified"), c("bids")).alias("value"), (c("bids") >= fewest).alias("enough"))
    )
    quartiles = upper_fence(counted.filter("enough")["value"], role)
    fixed = settings.by_source(lambda one: pl.lit(one.R038.threshold, pl.Float64))
    limit = pl.coalesce(fixed, pl.lit(quartiles.fence, pl.Float64))
    missing = pl.coalesce(
        reason(~c("enough"), "bids.details (too few submitted bids)"),
        reason(limit.is_null() | (limit <= 0), "the fence (three quarters have no disqualified bid)"),
    )
    rows = counted.with_columns(*judged(c("value") >= limit, missing), pl.lit(role).alias("role"))
    found = bids.filter("disqualified")
    keys = inputs.bids.join(found, on=["process_key", "position"], how="semi").select(
        "process_key", "position", "bid_key"
    )
    keyed = found.join(keys, on=["process_key", "position"], how="inner")
    evidence = {
        "process": found.select("organization_id", c("ocid").alias("id")),
        "bid": keyed.select("organization_id", c("bid_key").alias("id")),
    }
    return result_rows(CODE, with_evidence(rows, ["organization_id"], evidence)), quartiles


INDICATOR = Indicator(
    code=CODE,
    name="Excessive disqualified bids",
    description=(
        "The share of disqualified bids among the submitted bids to a buyer or procuring entity, or of a tenderer, is "
        "at or above the upper fence of all of them."
    ),
    subjects=(BUYER, PROCURING_ENTITY, TENDERER),
    inputs=("bids.details.status", "bids.details.tenderers", "buyer", "tender.procuringEntity"),
    by_identity=True,
    over_all=evaluate,
)
