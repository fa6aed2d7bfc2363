"""R003: the submission period is too short."""

import polars as pl

from domain.red_flags.indicator import PROCESS, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.results import cancelled, judged, missing_inputs, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings, ShortPeriod, Thresholds

CODE = "R003"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    days = (c("tender_end") - c("tender_start")).dt.total_days()
    flagged = settings.by_source(_examined) & (days < settings.by_source(_shortest))
    names = missing_inputs(
        (settings.by_source(_examined).is_null(), "tender.procurementMethod"),
        (c("tender_start").is_null(), "tender.tenderPeriod.startDate"),
        (c("tender_end").is_null(), "tender.tenderPeriod.endDate"),
    )
    missing = pl.coalesce(cancelled(), pl.when(flagged.is_null()).then(names))
    rows = inputs.processes.with_columns(judged(flagged, missing)).with_columns(
        pl.when(c("result") == "flagged").then(1.0).alias("value")
    )
    evidence = {"process": inputs.processes.select("process_key", c("ocid").alias("id"))}
    return result_rows(CODE, with_evidence(rows, ["process_key"], evidence))


def _examined(thresholds: Thresholds) -> pl.Expr:
    """Whether the process's method is examined; null where it is not known."""
    section = thresholds.R003
    if not section.procurement_methods:
        return pl.lit(value=True)
    return pl.col("method").is_in([*section.procurement_methods, *section.method_thresholds])


def _shortest(thresholds: Thresholds) -> pl.Expr:
    """The fewest days that are not too short."""
    section: ShortPeriod = thresholds.R003
    by_details = pl.col("method_details").replace_strict(
        section.procurement_method_details or {"": None}, default=None, return_dtype=pl.Int64
    )
    by_method = pl.col("method").replace_strict(
        section.method_thresholds or {"": None}, default=None, return_dtype=pl.Int64
    )
    return pl.coalesce(by_details, by_method, pl.lit(section.threshold, pl.Int64))


INDICATOR = Indicator(
    code=CODE,
    name="Short submission period",
    description="The time between the start and the end of the tender period is shorter than a number of whole days.",
    subjects=(PROCESS,),
    inputs=("tender.tenderPeriod.startDate", "tender.tenderPeriod.endDate", "tender.procurementMethod"),
    of_process=evaluate,
)
