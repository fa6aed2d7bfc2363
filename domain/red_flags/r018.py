"""R018: only one tenderer submitted a bid in a competitive procedure."""

import polars as pl

from domain.red_flags.indicator import PROCESS, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.results import cancelled, judged, missing_inputs, result_rows, with_evidence
from domain.red_flags.settings import RedFlagSettings

CODE = "R018"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    c = pl.col
    competitive = settings.by_source(lambda one: c("method").is_in(list(one.R018.procurement_methods)))
    flagged = competitive & (c("number_of_tenderers") == 1)
    names = missing_inputs(
        (c("method").is_null(), "tender.procurementMethod"),
        (c("number_of_tenderers").is_null(), "tender.numberOfTenderers"),
    )
    missing = pl.coalesce(cancelled(), pl.when(flagged.is_null()).then(names))
    rows = inputs.processes.with_columns(judged(flagged, missing)).with_columns(
        pl.when(c("result") == "flagged").then(1.0).alias("value")
    )
    evidence = {"process": inputs.processes.select("process_key", c("ocid").alias("id"))}
    return result_rows(CODE, with_evidence(rows, ["process_key"], evidence))


INDICATOR = Indicator(
    code=CODE,
    name="Single bid received",
    description="An open or selective procedure has one tenderer.",
    subjects=(PROCESS,),
    inputs=("tender.numberOfTenderers", "tender.procurementMethod"),
    of_process=evaluate,
)
