"""What becomes of the leases of slices as a worker starts and stops.

A lease in the ledger says which worker lands a slice; it is renewed while the worker lives, so that no second attempt runs beside the first.
"""

from contextlib import suppress

from loguru import logger

from domain.shared.errors import RetryableError
from services.ports.parts import Parts


def end_predecessor_leases(parts: Parts) -> None:
    """End the leases of the predecessor of the same name, and send the messages of jobs that were read in the background: they have none."""
    with parts.warehouse.write() as work:
        jobs = work.leases.end_for_worker(parts.readings.worker)
        work.commit()
    with suppress(RetryableError):  # the sweep sends them
        waiting = {args[0] for args in parts.messages.pending("land")} if jobs else set()
        for job_id in sorted(set(jobs) - waiting):
            logger.info("job {}: its slice is read again, as the worker that read it ended", job_id)
            parts.messages.send("land", job_id)


def release_leases(parts: Parts) -> None:
    """Give back the slices that the worker leaves as it is told to stop; they count as no attempt."""
    with suppress(Exception), parts.warehouse.write() as work:  # where that fails, they count as one
        work.leases.close_for_worker(parts.readings.worker)
        work.commit()
