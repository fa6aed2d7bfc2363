"""How much a transaction of a stage writes: less while uploads arrive, as accepting them waits for the write lock."""

from datetime import timedelta

from domain.jobs.job import JobFilter
from services.ports.parts import Parts
from services.shared.clock import now

ARRIVAL = timedelta(seconds=1)  # since the last upload
SHARE_DURING_ARRIVALS = 4  # of what a transaction writes otherwise


def transaction_size(parts: Parts, most: int) -> int:
    """`most`, or a quarter of it if an upload was accepted a moment ago."""
    with parts.warehouse.read() as work:
        arriving = work.jobs.page(JobFilter(created_from=now() - ARRIVAL), None, 1)
    return max(1, most // SHARE_DURING_ARRIVALS) if arriving else most
