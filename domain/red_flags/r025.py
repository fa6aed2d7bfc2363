"""R025: a tenderer with many bids wins few of them."""

from dataclasses import replace

import polars as pl

from domain.red_flags.indicator import TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.organizations import one_source, uncancelled
from domain.red_flags.quartiles import lower_fence, quantile, ratio
from domain.red_flags.results import Evaluation, judged, reason, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R025"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> Evaluation:
    """Each tenderer counts once per process, with any number of bids."""
    c = pl.col
    processes = uncancelled(inputs).select("process_key", "ocid", "source")
    eligible = inputs.counted.filter(
        (c("pending_awards") == 0)
        & (c("active_awards") == 1)
        & (c("supplier_rows") == 1)
        & (c("suppliers").list.len() == 1)
    ).select("process_key", c("suppliers").list.first().alias("supplier_id"))
    single = inputs.valid.filter((c("named") == 1) & (c("tenderers").list.len() == 1))
    bids = single.select("process_key", c("tenderers").list.first().alias("organization_id")).unique()
    bids = bids.join(eligible, on="process_key", how="inner").join(processes, on="process_key", how="inner")
    counted = bids.group_by("organization_id").agg(
        pl.len().alias("bids"), (c("organization_id") == c("supplier_id")).sum().alias("won"), one_source()
    )
    counted = counted.with_columns(ratio(c("won"), c("bids")).alias("value"))
    submitted = inputs.submitted.join(processes, on="process_key", how="semi").select("tenderers")
    names = submitted["tenderers"].explode().drop_nulls().unique().sort().alias("organization_id")
    frame = names.to_frame().join(counted, on="organization_id", how="left", maintain_order="left")
    quartiles = lower_fence(counted["value"])
    many = settings.by_source(
        lambda one: pl.lit(quantile(counted["bids"], one.R025.percentile / 100), dtype=pl.Float64)
    )
    fixed = settings.by_source(lambda one: pl.lit(one.R025.threshold, pl.Float64))
    unusable = (quartiles.q1 or 0) <= 0 or (quartiles.fence or 0) <= 0
    missing = pl.coalesce(
        reason(
            c("bids").is_null(),
            "bids.details, awards (no valid bid alone in a process with final awards and one supplier)",
        ),
        reason(fixed.is_null() & pl.lit(unusable), "the fence (too many tenderers win nothing, or ratios spread)"),
    )
    flagged = (c("bids") >= many) & (c("value") <= pl.coalesce(fixed, pl.lit(quartiles.fence, pl.Float64)))
    rows = frame.with_columns(*judged(flagged, missing), pl.lit(TENDERER).alias("role"))
    rows = with_evidence(rows, ["organization_id"], {"process": bids.select("organization_id", c("ocid").alias("id"))})
    known = replace(quartiles, percentile=quantile(counted["bids"], settings.R025.percentile / 100), role=TENDERER)
    return Evaluation(result_rows(CODE, rows), (known,))


INDICATOR = Indicator(
    code=CODE,
    name="Excessive unsuccessful bids",
    description=(
        "A tenderer is among the quarter with the most valid bids, and the share that it won is at or below the lower "
        "fence of all tenderers."
    ),
    subjects=(TENDERER,),
    inputs=("bids.details.status", "bids.details.tenderers", "awards.status", "awards.suppliers"),
    by_identity=True,
    over_all=evaluate,
)
