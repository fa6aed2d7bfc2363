"""Organisations of reference tables become versions of dim_organization that stand above what processes say."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.reference_rows import organization_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_ROWS = 1_000  # rows written in one transaction


def publish(parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
    """Put the rows (silver `organization`), and take out the deleted ones. LostRaceError where another runner moved the watermark."""
    for part in rows.iter_slices(SLICE_ROWS):
        standing = part.filter(~pl.col("deleted"))
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(mark)
            work.star_writer.reference_organizations(part["record_id"].to_list(), organization_rows(standing), int(part["silver_batch"].max() or 0))  # type: ignore[arg-type]
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Take out the rows that none of these records makes."""
    work.star_writer.prune_reference("organizations", record_ids)
