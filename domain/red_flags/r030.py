"""R030: a bid that was received after the deadline won."""

import polars as pl

from domain.red_flags.indicator import PROCESS, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import NOT_FINAL
from domain.red_flags.results import (
    cancelled,
    judged,
    missing_inputs,
    reason,
    result_rows,
    tenderers_of_flagged,
    with_evidence,
)
from domain.red_flags.settings import RedFlagSettings

CODE = "R030"


def evaluate(inputs: Inputs, _settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    suppliers = inputs.active_awards.select("process_key", c("supplier_id").alias("tenderer_id"))
    ends = inputs.processes.select("process_key", "tender_end")
    winners = inputs.bids.filter(c("status") == "valid").join(suppliers, on=["process_key", "tenderer_id"], how="semi")
    winners = winners.join(ends, on="process_key", how="inner").with_columns(late=c("date") > c("tender_end"))
    counts = winners.group_by("process_key").agg(
        pl.len().alias("winning_bids"), c("date").count().alias("dated"), c("late").any().alias("late")
    )
    frame = inputs.counted.join(counts, on="process_key", how="left", maintain_order="left").with_columns(
        c("winning_bids", "dated").fill_null(0), c("late").fill_null(value=False)
    )
    awarded = c("active_awards") > 0
    missing = pl.coalesce(
        cancelled(),
        missing_inputs(
            (c("tender_end").is_null(), "tender.tenderPeriod.endDate"),
            (c("bids") == 0, "bids.details"),
            ((c("bids") > 0) & (c("stated_bids") == 0), "bids.details.status"),
            (c("awards") == 0, "awards"),
            ((c("awards") > 0) & (c("stated_awards") == 0), "awards.status"),
        ),
        reason(~awarded & (c("pending_awards") > 0), NOT_FINAL),
        reason(awarded & (c("suppliers").list.len() == 0), "awards.suppliers"),
        reason(awarded & (c("winning_bids") == 0), "bids.details (no valid bid of a supplier)"),
        reason(~c("late") & (c("dated") < c("winning_bids")), "bids.details.date"),
    )
    rows = frame.with_columns(judged(c("late"), missing)).with_columns(
        pl.when(c("result") == "flagged").then(1.0).alias("value")
    )
    late = winners.filter(c("late"))
    awards = inputs.active_awards.rename({"supplier_id": "tenderer_id"}).join(
        late, on=["process_key", "tenderer_id"], how="semi"
    )
    rows = with_evidence(
        rows,
        ["process_key"],
        {
            "process": inputs.processes.select("process_key", c("ocid").alias("id")),
            "bid": late.select("process_key", c("bid_key").alias("id")),
            "award": awards.select("process_key", c("award_key").alias("id")),
        },
    )
    tenderers = tenderers_of_flagged(rows, late.select("process_key", c("tenderer_id").alias("organization_id")), 1.0)
    return pl.concat([result_rows(CODE, rows), result_rows(CODE, tenderers)])


INDICATOR = Indicator(
    code=CODE,
    name="Late bid won",
    description="A valid bid of a supplier of an active award was received after the end of the tender period.",
    subjects=(PROCESS, TENDERER),
    inputs=(
        "tender.tenderPeriod.endDate",
        "bids.details.date",
        "bids.details.status",
        "bids.details.tenderers",
        "awards.status",
        "awards.suppliers",
    ),
    of_process=evaluate,
)
