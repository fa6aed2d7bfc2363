"""Deletes details of old jobs, and old entries of the audit trail and the security log, in small slices.

Jobs, batches and all versions of records stay: lineage and rebuild need them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.ports.warehouse import Warehouse, WriteUnitOfWork
from services.shared.clock import now

SLICE_ROWS = 1_000  # per transaction
SLICES = 50  # per call and table; the next call continues
Delete = Callable[[WriteUnitOfWork, datetime, int], int]
DETAILS: tuple[Delete, ...] = (
    lambda work, before, limit: work.quarantine.delete_older(before, limit),
    lambda work, before, limit: work.outcomes.delete_older(before, limit),
    lambda work, before, limit: work.watermarks.delete_older_runs(before, limit),
)
AUDIT: tuple[Delete, ...] = (
    lambda work, before, limit: work.audit.delete_older(before, limit),
    lambda work, before, limit: work.security_events.delete_older(before, limit),
)


def apply_retention(warehouse: Warehouse, details_days: int | None, audit_days: int | None) -> int:
    """Delete what is older than these days; None keeps all. Returns the number of rows."""
    deleted = 0
    for days, tables in ((details_days, DETAILS), (audit_days, AUDIT)):
        if days is not None:
            deleted += sum(_delete(warehouse, delete, now() - timedelta(days=days)) for delete in tables)
    return deleted


def _delete(warehouse: Warehouse, delete: Delete, before: datetime) -> int:
    total = 0
    for _ in range(SLICES):
        with warehouse.write() as work:
            count = delete(work, before, SLICE_ROWS)
            work.commit()
        total += count
        if count < SLICE_ROWS:
            break
    return total
