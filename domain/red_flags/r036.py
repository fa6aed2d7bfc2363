"""R036: the lowest submitted bid was disqualified."""

import polars as pl

from domain.red_flags.indicator import PROCESS, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import NOT_FINAL, SEVERAL_CURRENCIES, bid_inputs, not_compared
from domain.red_flags.results import judged, reason, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R036"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    disqualified, valid = c("status") == "disqualified", c("status") == "valid"
    prices = inputs.submitted.group_by("process_key").agg(
        c("currency").drop_nulls().n_unique().alias("currencies"),
        c("price").filter(disqualified).min().alias("lowest_disqualified"),
        c("price").filter(~disqualified).min().alias("lowest_other"),
        valid.sum().alias("valid_bids"),
        c("price").filter(valid).count().alias("valid_prices"),
    )
    frame = inputs.counted.join(prices, on="process_key", how="left", maintain_order="left")
    awarded = c("active_awards") > 0
    missing = pl.coalesce(
        not_compared(settings),
        bid_inputs(),
        reason(~awarded & (c("pending_awards") > 0), NOT_FINAL),
        reason(awarded & (c("currencies") > 1), SEVERAL_CURRENCIES),
        reason(awarded & (c("valid_bids") > 0) & (c("valid_prices") == 0), "bids.details.value"),
    )
    flagged = awarded & (c("valid_prices") > 0) & (c("lowest_disqualified") < c("lowest_other"))
    rows = frame.with_columns(judged(flagged, missing)).with_columns(
        pl.when(c("result") == "flagged").then(1.0).alias("value")
    )
    compared = inputs.submitted.filter(c("price").is_not_null())
    bids = inputs.bids.join(compared, on=["process_key", "position"], how="semi")
    evidence = {
        "process": inputs.processes.select("process_key", c("ocid").alias("id")),
        "bid": bids.select("process_key", c("bid_key").alias("id")),
        "award": inputs.active_awards.select("process_key", c("award_key").alias("id")),
    }
    return result_rows(CODE, with_evidence(rows, ["process_key"], evidence))


INDICATOR = Indicator(
    code=CODE,
    name="Lowest bid disqualified",
    description="The lowest submitted bid was disqualified, and another one was valid.",
    subjects=(PROCESS,),
    inputs=("bids.details.status", "bids.details.value", "awards.status"),
    of_process=evaluate,
)
