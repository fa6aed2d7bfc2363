"""What publishing a slice of processes writes about data quality."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class QualityPlan:
    """`processes`: the new assessments (ASSESSED); `totals` (TOTALS) replace those of their keys in `totalled`."""

    processes: pl.DataFrame
    totalled: pl.DataFrame
    totals: pl.DataFrame
