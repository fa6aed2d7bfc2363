"""R028: different tenderers submitted bids with the same price."""

import polars as pl

from domain.red_flags.indicator import PROCESS, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import not_compared
from domain.red_flags.results import (
    judged,
    missing_inputs,
    reason,
    result_rows,
    tenderers_of_flagged,
    with_evidence,
)
from domain.red_flags.settings import RedFlagSettings

CODE = "R028"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    comparable = inputs.submitted.filter(c("price").is_not_null() & (c("tenderers").list.len() > 0))
    price = ["process_key", "price", "currency"]
    several = comparable.with_columns(c("tenderers").list.join("\x1f").alias("bidders").n_unique().over(price))
    equal = several.filter(c("bidders") > 1)
    counts = inputs.submitted.group_by("process_key").agg(
        pl.len().alias("submitted"),
        c("price").count().alias("priced"),
        (c("tenderers").list.len() > 0).sum().alias("with_tenderers"),
    )
    frame = inputs.counted.join(counts, on="process_key", how="left", maintain_order="left")
    frame = frame.join(
        comparable.group_by("process_key").agg(pl.len().alias("comparable")), on="process_key", how="left"
    ).with_columns(c("submitted", "priced", "with_tenderers", "comparable").fill_null(0))
    flagged = c("process_key").is_in(equal["process_key"].unique().implode())
    too_few = ~flagged & (c("submitted") > 1) & (c("comparable") < 2)
    missing = pl.coalesce(
        not_compared(settings),
        missing_inputs(
            (c("bids") == 0, "bids.details"), ((c("bids") > 0) & (c("stated_bids") == 0), "bids.details.status")
        ),
        reason(c("submitted") == 0, "bids.details (no submitted bid)"),
        pl.when(too_few).then(
            missing_inputs(
                (c("priced") < c("submitted"), "bids.details.value"),
                (c("with_tenderers") < c("submitted"), "bids.details.tenderers"),
            )
        ),
    )
    rows = frame.with_columns(judged(flagged, missing)).with_columns(
        pl.when(c("result") == "flagged").then(1.0).alias("value")
    )
    bids = inputs.bids.join(equal, on=["process_key", "position"], how="semi")
    rows = with_evidence(
        rows,
        ["process_key"],
        {
            "process": inputs.processes.select("process_key", c("ocid").alias("id")),
            "bid": bids.select("process_key", c("bid_key").alias("id")),
        },
    )
    tenderers = tenderers_of_flagged(rows, bids.select("process_key", c("tenderer_id").alias("organization_id")), 1.0)
    return pl.concat([result_rows(CODE, rows), result_rows(CODE, tenderers)])


INDICATOR = Indicator(
    code=CODE,
    name="Identical bid prices",
    description="Different tenderers submitted bids of the same amount in the same currency.",
    subjects=(PROCESS, TENDERER),
    inputs=("bids.details.status", "bids.details.value", "bids.details.tenderers"),
    of_process=evaluate,
)
