"""R024 and R058 alike: the price difference of each process, compared with a fence of all of them."""

from collections.abc import Callable

import polars as pl

from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import price_differences
from domain.red_flags.results import (
    Evaluation,
    Quartiles,
    judged,
    reason,
    result_rows,
    tenderers_of_flagged,
    with_evidence,
)
from domain.red_flags.settings import RedFlagSettings, Thresholds

Outlier = Callable[[pl.Expr, pl.Expr], pl.Expr]


def compare(
    code: str,
    inputs: Inputs,
    settings: RedFlagSettings,
    fence: Callable[[pl.Series], Quartiles],
    section: Callable[[Thresholds], float | None],
    outlier: Outlier,
    skipped: Callable[[Quartiles], bool],
    named: tuple[str, ...],
) -> Evaluation:
    """Evaluate the processes that have a difference. `named`: the columns of the organisations that are flagged too."""
    c = pl.col
    frame = price_differences(inputs, settings).filter(c("missing").is_null())
    quartiles = fence(frame["difference"])
    fixed = settings.by_source(lambda one: pl.lit(section(one), pl.Float64))
    not_usable = reason(
        fixed.is_null() & pl.lit(skipped(quartiles)),
        "the fence (too many processes have a price difference of 0, or differences spread too much)",
    )
    limit = pl.coalesce(fixed, pl.lit(quartiles.fence, pl.Float64))
    rows = frame.drop("missing").with_columns(
        *judged(outlier(c("difference"), limit), not_usable), c("difference").alias("value")
    )
    rows = with_evidence(rows, ["process_key"], _evidence(inputs, frame))
    ids = [rows.select("process_key", c(name).alias("organization_id")) for name in named]
    tenderers = tenderers_of_flagged(rows, pl.concat(ids), 0.0)
    return Evaluation(pl.concat([result_rows(code, rows), result_rows(code, tenderers)]), (quartiles,))


def _evidence(inputs: Inputs, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    c = pl.col
    sides = [frame.select("process_key", c(name).alias("tenderer_id")) for name in ("winner_id", "second_id")]
    bids = inputs.bids.filter(c("status") == "valid").join(
        pl.concat(sides), on=["process_key", "tenderer_id"], how="semi"
    )
    awards = inputs.active_awards.join(frame, on="process_key", how="semi")
    return {
        "process": frame.select("process_key", c("ocid").alias("id")),
        "bid": bids.select("process_key", c("bid_key").alias("id")),
        "award": awards.select("process_key", c("award_key").alias("id")),
    }
