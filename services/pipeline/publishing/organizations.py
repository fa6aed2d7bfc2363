"""Publishes organisation records as versions of dim_organization that take precedence over processes."""

from collections.abc import Sequence

import polars as pl

from domain.pipeline.watermark import Watermark
from domain.star.organization_history import period_changes
from domain.star.reference_rows import organization_rows, reference_keys, with_identities
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

SLICE_ROWS = 1_000  # per transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `organization`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_ROWS):
        current = part.filter(~pl.col("deleted"))
        updated_at = now()
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            keys = reference_keys("organizations", part["record_id"])
            touched = work.organizations.ids_of_versions(keys) | set(current["organization_id"])
            rows_now = with_identities(organization_rows(current), work.organization_matches.identities(touched))
            work.star.replace_rows("dim_organization", keys, rows_now, updated_at)
            work.organizations.write_versions(period_changes(work.organizations.versions(touched)), updated_at)
            silver_batch = int(part["silver_batch"].max() or 0)  # type: ignore[arg-type]
            work.organizations.mark_touched(touched, silver_batch, updated_at)
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    kept = set(reference_keys("organizations", record_ids))
    present = work.star.reference_keys("dim_organization")
    work.star.delete_rows("dim_organization", [key for key in present if key not in kept])
