"""What publishing a slice of processes writes into the star."""

from dataclasses import dataclass

import polars as pl

from domain.quality.write_plan import QualityPlan
from domain.star.dimension_uses import DimensionChanges
from domain.star.model import Star
from domain.star.organization_history import VersionChanges


@dataclass(frozen=True)
class StarWritePlan:
    """The writes that replace a slice of processes.

    `existing`: keys of processes that have rows; `star`: their new rows. `totals` replace those of the organisations
    `totalled`; `mentioned`: ids of all organisations that the slice mentioned or mentions. `quality`: changes of data
    quality. `identity_changes`: how often organisations had got other identities when it was made.
    """

    existing: list[int]
    star: Star | None
    dimensions: dict[str, DimensionChanges]
    versions: VersionChanges
    totalled: pl.Series
    totals: pl.DataFrame
    mentioned: set[str]
    quality: QualityPlan
    identity_changes: int
