"""R024: the price of the second-lowest valid bid is close to that of the winning bid."""

import polars as pl

from domain.red_flags.compared_prices import compare
from domain.red_flags.indicator import PROCESS, TENDERER, Indicator
from domain.red_flags.inputs import Inputs
from domain.red_flags.prices import not_differing
from domain.red_flags.quartiles import lower_fence
from domain.red_flags.results import Evaluation, Quartiles, result_rows
from domain.red_flags.settings import RedFlagSettings

CODE = "R024"


def evaluate(inputs: Inputs, settings: RedFlagSettings) -> Evaluation:
    return compare(
        CODE,
        inputs,
        settings,
        lower_fence,
        lambda one: one.R024.threshold,
        lambda difference, fence: difference <= fence,
        _skipped,
        ("winner_id", "second_id"),
    )


def _skipped(quartiles: Quartiles) -> bool:
    return (quartiles.q1 or 0) <= 0 or (quartiles.fence or 0) <= 0


def without_difference(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    return result_rows(CODE, not_differing(inputs, settings))


INDICATOR = Indicator(
    code=CODE,
    name="Price close to winning bid",
    description=(
        "The difference between the winning bid and the lowest other valid bid, relative to the winning bid, is at or "
        "below the lower fence of all processes."
    ),
    subjects=(PROCESS, TENDERER),
    inputs=("bids.details.status", "bids.details.value", "bids.details.tenderers", "awards.status", "awards.suppliers"),
    of_process=without_difference,
    over_all=evaluate,
)
