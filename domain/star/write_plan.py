"""What publishing a slice of processes writes into the star."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from domain.star.model import Star


@dataclass(frozen=True)
class OrganizationChanges:
    """What is to be written when processes change: versions (dim_organization), totals, the organisations with a moved
    version, and all that were named.
    """

    dropped: pl.DataFrame
    changed: pl.DataFrame
    added: pl.DataFrame
    totals: pl.DataFrame
    moved: set[str]
    named: set[str]


@dataclass(frozen=True)
class StarWritePlan:
    """A slice's writes: its star, the processes that have rows, how much less each dimension row is used by these, and
    what organisations follow.
    """

    star: Star | None
    standing: list[int]
    delta: Counter[tuple[str, int]]
    people: OrganizationChanges
