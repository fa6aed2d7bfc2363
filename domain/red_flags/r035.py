"""R035: the bids of all tenderers but the winner were disqualified."""

import polars as pl

from domain.red_flags.indicator import PROCESS, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import NOT_FINAL, bid_inputs
from domain.red_flags.results import cancelled, judged, reason, result_rows, tenderers_of_flagged, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R035"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    disqualified = inputs.bids.filter(c("status") == "disqualified").drop_nulls("tenderer_id")
    valid = inputs.bids.filter(c("status") == "valid")
    known = valid.group_by("process_key").agg(
        c("tenderer_id").drop_nulls().unique().sort().alias("valid_tenderers"), pl.len().alias("valid_bids")
    )
    others = disqualified.join(valid, on=["process_key", "tenderer_id"], how="anti")
    counts = others.group_by("process_key").agg(c("tenderer_id").n_unique().alias("others"))
    frame = inputs.counted
    for part in (known, counts):
        frame = frame.join(part, on="process_key", how="left", maintain_order="left")
    frame = frame.with_columns(c("others", "valid_bids").fill_null(0))
    alone = (c("valid_tenderers").list.len() == 1) & (c("suppliers").list.len() == 1)
    same = c("valid_tenderers").list.first() == c("suppliers").list.first()
    fewest = settings.by_source(lambda one: pl.lit(one.R035.threshold, pl.Int64))
    missing = pl.coalesce(
        cancelled(),
        bid_inputs(),
        reason(c("pending_awards") > 0, NOT_FINAL),
        reason((c("active_awards") > 0) & (c("suppliers").list.len() == 0), "awards.suppliers"),
        reason((c("valid_bids") > 0) & (c("valid_tenderers").list.len() == 0), "bids.details.tenderers"),
    )
    rows = frame.with_columns(judged(alone & same & (c("others") >= fewest), missing)).with_columns(
        pl.when(c("result") == "flagged").then(c("others")).cast(pl.Float64).alias("value")
    )
    bids = pl.concat([valid, others]).select("process_key", c("bid_key").alias("id"))
    rows = with_evidence(
        rows,
        ["process_key"],
        {
            "process": inputs.processes.select("process_key", c("ocid").alias("id")),
            "bid": bids,
            "award": inputs.active_awards.select("process_key", c("award_key").alias("id")),
        },
    )
    winners = rows.select("process_key", c("suppliers").list.first().alias("organization_id"))
    return pl.concat([result_rows(CODE, rows), result_rows(CODE, tenderers_of_flagged(rows, winners, 0.0))])


INDICATOR = Indicator(
    code=CODE,
    name="All except winning bid disqualified",
    description=(
        "One tenderer has valid bids and is the supplier of all active awards; bids of others were disqualified."
    ),
    subjects=(PROCESS, TENDERER),
    inputs=("bids.details.status", "bids.details.tenderers", "awards.status", "awards.suppliers"),
    of_process=evaluate,
)
