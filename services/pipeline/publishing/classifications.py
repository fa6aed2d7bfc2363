"""Codes of reference tables become rows of dim_classification of their own, with the code above each."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.reference_rows import classification_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_ROWS = 1_000  # rows written in one transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Put the rows (silver `classification`), and take out the deleted ones. LostRaceError where another runner moved the watermark."""
    for part in rows.iter_slices(SLICE_ROWS):
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            work.star_writer.reference_classifications(part["record_id"].to_list(), classification_rows(part.filter(~pl.col("deleted"))))
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Take out the rows that none of these records makes."""
    work.star_writer.prune_reference("classifications", record_ids)
