"""Publishes organisation and classification records: as versions of dim_organization that take precedence over
processes, and as rows of dim_classification, each with its parent code.
"""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from domain.star.reference_rows import classification_rows, organization_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_ROWS = 1_000  # per transaction


class ReferencePublisher:
    """The publisher of a kind of reference records."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def publish(self, parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
        """Write these rows of silver, delete the deleted ones. LostRaceError if the watermark has moved."""
        for part in rows.iter_slices(SLICE_ROWS):
            ids, current = part["record_id"].to_list(), part.filter(~pl.col("deleted"))
            with parts.warehouse.write() as work:
                work.watermarks.check_unmoved(watermark)
                if self.kind is Kind.ORGANIZATIONS:
                    newest = int(part["silver_batch"].max() or 0)  # type: ignore[arg-type]
                    work.star_writer.reference_organizations(ids, organization_rows(current), newest)
                else:
                    work.star_writer.reference_classifications(ids, classification_rows(current))
                work.commit()

    def prune(self, work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
        """Delete the rows whose record is not among these."""
        work.star_writer.prune_reference(self.kind, record_ids)
