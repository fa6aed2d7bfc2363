"""Shared by the indicators of organisations over all their processes."""

import polars as pl

from domain.red_flags.inputs import Inputs


def one_source(name: str = "source") -> pl.Expr:
    """The source of a group's processes if they have one only, else null: then the thresholds for all apply."""
    return pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias("source")


def uncancelled(inputs: Inputs) -> pl.DataFrame:
    """The processes that are not cancelled."""
    return inputs.processes.filter((pl.col("status") != "cancelled").fill_null(value=True))
