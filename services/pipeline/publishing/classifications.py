"""Publishes classification records as rows of dim_classification, each with its parent code."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.reference_rows import classification_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_ROWS = 1_000  # per transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `classification`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_ROWS):
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            work.star_writer.reference_classifications(
                part["record_id"].to_list(), classification_rows(part.filter(~pl.col("deleted")))
            )
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    work.star_writer.prune_reference("classifications", record_ids)
