"""Codes of reference tables become rows of dim_classification of their own, with the code above each."""

from collections.abc import Sequence

import polars as pl

from domain.job import Watermark
from domain.reference_star import classification_rows
from services.ports import Parts, Work

SLICE = 1_000  # rows written in one transaction


def publish(parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
    """Put the rows (silver `classification`), and take out the deleted ones. LostRaceError where another runner moved the watermark."""
    for part in rows.iter_slices(SLICE):
        with parts.warehouse.write() as work:
            work.watermarks.guard(mark)
            work.gold.reference_classifications(part["record_id"].to_list(), classification_rows(part.filter(~pl.col("deleted"))))
            work.commit()


def prune(work: Work, record_ids: Sequence[str]) -> None:
    """Take out the rows that none of these records makes."""
    work.gold.prune_reference("classifications", record_ids)
