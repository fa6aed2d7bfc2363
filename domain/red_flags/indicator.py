"""What the registry knows of an indicator."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from domain.red_flags.inputs import Inputs
from domain.red_flags.results import Evaluation
from domain.red_flags.settings import RedFlagSettings

PROCESS = "process"
TENDERER = "tenderer"
BUYER = "buyer"
PROCURING_ENTITY = "procuring_entity"


@dataclass(frozen=True)
class Indicator:
    """An indicator of OCP's methodology.

    `of_process` gives the results (RESULTS) that follow from the data of each process alone; `over_all` those that
    compare all data, for the subjects that can be compared. Between them, every subject has one result.
    """

    code: str
    name: str
    description: str
    subjects: tuple[str, ...]
    inputs: tuple[str, ...]  # OCDS paths
    by_identity: bool = False  # whether organisations are those that matching takes them for
    of_process: Callable[[Inputs, RedFlagSettings], pl.DataFrame] | None = None
    over_all: Callable[[Inputs, RedFlagSettings], Evaluation] | None = None
