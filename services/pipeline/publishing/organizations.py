"""Publishes organisation records as versions of dim_organization that take precedence over processes."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.reference_rows import organization_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_ROWS = 1_000  # per transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `organization`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_ROWS):
        current = part.filter(~pl.col("deleted"))
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            rows_of = organization_rows(current)
            newest = int(part["silver_batch"].max() or 0)  # type: ignore[arg-type]
            work.star_writer.reference_organizations(part["record_id"].to_list(), rows_of, newest)
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    work.star_writer.prune_reference("organizations", record_ids)
