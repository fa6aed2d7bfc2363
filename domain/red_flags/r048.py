"""R048: a supplier of many unlike things."""

import polars as pl

from domain.red_flags.indicator import TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.organizations import one_source, uncancelled
from domain.red_flags.quartiles import upper_fence
from domain.red_flags.results import Evaluation, judged, reason, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R048"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> Evaluation:
    c = pl.col
    award = ["process_key", "position"]
    processes = uncancelled(inputs).select("process_key", "ocid", "source")
    single = inputs.active_awards.filter(pl.len().over(award) == 1).join(processes, on="process_key", how="inner")
    suppliers = single.select(*award, "ocid", "source", c("supplier_id").alias("organization_id"))
    leading = settings.by_source(lambda one: c("code").str.extract(rf"^(\d{{{one.R048.digits}}})"))
    items = (
        inputs.items.join(suppliers, on=award, how="inner")
        .with_columns(leading.alias("digits"))
        .drop_nulls(["digits", "organization_id"])
    )
    counted = items.group_by("organization_id").agg(
        c("process_key").n_unique().alias("processes"),
        c("digits").n_unique().cast(pl.Float64).alias("value"),
        one_source(),
    )
    fewest = settings.by_source(lambda one: pl.lit(one.R048.minimum_contracting_processes, pl.Int64))
    counted = counted.with_columns((c("processes") >= fewest).alias("enough"))
    names = suppliers.select("organization_id").drop_nulls().unique().sort("organization_id")
    frame = names.join(counted, on="organization_id", how="left", maintain_order="left")
    quartiles = upper_fence(counted.filter("enough")["value"], TENDERER)
    fixed = settings.by_source(lambda one: pl.lit(one.R048.threshold, pl.Float64))
    missing = pl.coalesce(
        reason(c("processes").is_null(), "awards.items.classification"),
        reason(~c("enough"), "awards.items (too few processes)"),
    )
    limit = pl.coalesce(fixed, pl.lit(quartiles.fence, pl.Float64))
    rows = frame.with_columns(*judged(c("value") >= limit, missing), pl.lit(TENDERER).alias("role"))
    evidence = {
        "process": items.select("organization_id", c("ocid").alias("id")),
        "item": items.select("organization_id", c("item_key").alias("id")),
    }
    return Evaluation(result_rows(CODE, with_evidence(rows, ["organization_id"], evidence)), (quartiles,))


INDICATOR = Indicator(
    code=CODE,
    name="Heterogeneous supplier",
    description=(
        "The items of a supplier's awards have a number of different two-digit classifications that is at or above the "
        "upper fence of all suppliers with at least 20 processes."
    ),
    subjects=(TENDERER,),
    inputs=("awards.status", "awards.suppliers", "awards.items.classification"),
    by_identity=True,
    over_all=evaluate,
)
