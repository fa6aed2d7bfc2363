"""Publishes classification records as rows of dim_classification, each with its parent code."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.reference_rows import classification_rows, reference_keys
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

SLICE_ROWS = 1_000  # per transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `classification`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_ROWS):
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            keys = reference_keys("classifications", part["record_id"])
            current = classification_rows(part.filter(~pl.col("deleted")))
            work.star.replace_rows("dim_classification", keys, current, now())
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    kept = set(reference_keys("classifications", record_ids))
    present = work.star.reference_keys("dim_classification")
    work.star.delete_rows("dim_classification", [key for key in present if key not in kept])
