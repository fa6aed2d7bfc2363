"""Comparisons of bid prices: which processes they are not made for, and the price difference of R024 and R058."""

import polars as pl

from domain.red_flags.inputs import Inputs
from domain.red_flags.quartiles import ratio
from domain.red_flags.results import cancelled, missing_inputs, reason
from domain.red_flags.settings import RedFlagSettings

NOT_FINAL = "awards.status (not final)"
SEVERAL_CURRENCIES = "bids.details.value.currency (several currencies)"


def not_compared(settings: RedFlagSettings) -> pl.Expr:
    """Why the prices of a process are not compared: it is cancelled, or its kind of procedure is left out."""
    excluded = settings.by_source(
        lambda one: pl.col("method_details").is_in(list(one.no_price_comparison_procurement_methods))
    )
    left_out = reason(excluded, "tender.procurementMethodDetails (prices are not compared)")
    return pl.coalesce(cancelled(), left_out)


def bid_inputs() -> pl.Expr:
    """Which of bids, their statuses and awards a process of `Inputs.counted` lacks."""
    c = pl.col
    return missing_inputs(
        (c("bids") == 0, "bids.details"),
        ((c("bids") > 0) & (c("stated_bids") == 0), "bids.details.status"),
        (c("awards") == 0, "awards"),
        ((c("awards") > 0) & (c("stated_awards") == 0), "awards.status"),
    )


def price_differences(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    """The price difference between the winning bid and the lowest other valid bid, per process.

    Columns of `Inputs.processes`, and `missing` (why there is none), `difference`, `winner_id`, `second_id`. It needs
    final awards of which one is active, with one supplier, and valid bids of one tenderer each in one currency, of
    which the winner's is the lowest.
    """
    c = pl.col
    single = inputs.valid.filter((c("named") == 1) & (c("tenderers").list.len() == 1) & c("price").is_not_null())
    bids = single.with_columns(c("tenderers").list.first().alias("tenderer_id"))
    frame = inputs.counted.with_columns(c("suppliers").list.first().alias("winner_id"))
    bids = bids.join(frame.select("process_key", "winner_id"), on="process_key", how="inner")
    won = c("tenderer_id") == c("winner_id")
    others = bids.filter(~won).sort("price", "tenderer_id").group_by("process_key", maintain_order=True)
    compared = bids.group_by("process_key").agg(
        c("currency").n_unique().alias("currencies"), c("price").filter(won).min().alias("winning")
    )
    lowest = others.agg(c("price").first().alias("second"), c("tenderer_id").first().alias("second_id"))
    for part in (compared, lowest):
        frame = frame.join(part, on="process_key", how="left", maintain_order="left")
    missing = pl.coalesce(
        not_compared(settings),
        bid_inputs(),
        reason(c("pending_awards") > 0, NOT_FINAL),
        reason(c("active_awards") == 0, "awards (no active award)"),
        reason(c("active_awards") > 1, "awards (several active awards)"),
        reason(c("winner_id").is_null(), "awards.suppliers.id"),
        reason(c("supplier_rows") > 1, "awards.suppliers (several suppliers)"),
        reason(c("currencies") > 1, SEVERAL_CURRENCIES),
        reason(c("winning").is_null(), "bids.details (no valid bid of the supplier alone with a price)"),
        reason(c("second").is_null(), "bids.details (no second valid bid of one tenderer with a price)"),
        reason(c("second") < c("winning"), "awards (the winning bid is not the lowest)"),
    )
    return frame.select(
        *inputs.processes.columns,
        missing.alias("missing"),
        pl.when(missing.is_null()).then(ratio(c("second") - c("winning"), c("winning"))).alias("difference"),
        "winner_id",
        "second_id",
    )


def not_differing(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    """The processes without a price difference, as not computable."""
    rows = price_differences(inputs, settings).filter(pl.col("missing").is_not_null())
    return rows.with_columns(pl.lit("not_computable").alias("result"))
