"""R058: the winning bid is far below the second-lowest valid bid."""

import polars as pl

from domain.red_flags.compared_prices import compare
from domain.red_flags.indicator import PROCESS, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import not_differing
from domain.red_flags.quartiles import upper_fence
from domain.red_flags.results import Evaluation, result_rows
from domain.red_flags.settings import RedFlagSettings

CODE = "R058"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> Evaluation:
    return compare(
        CODE,
        inputs,
        settings,
        upper_fence,
        lambda one: one.R058.threshold,
        lambda difference, fence: difference >= fence,
        lambda quartiles: (quartiles.fence or 0) <= 0,
        ("winner_id",),
    )


def without_difference(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    return result_rows(CODE, not_differing(inputs, settings))


INDICATOR = Indicator(
    code=CODE,
    name="Heavily discounted bid",
    description=(
        "The difference between the winning bid and the lowest other valid bid, relative to the winning bid, is at or "
        "above the upper fence of all processes."
    ),
    subjects=(PROCESS, TENDERER),
    inputs=("bids.details.status", "bids.details.value", "bids.details.tenderers", "awards.status", "awards.suppliers"),
    of_process=without_difference,
    over_all=evaluate,
)
