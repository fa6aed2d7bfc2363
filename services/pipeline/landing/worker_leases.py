"""Ends the leases of a worker's slices when the worker starts and stops.

A lease in the ledger names the worker that lands a slice and is renewed while that worker lives, so that a second
attempt never runs at the same time.
"""

from contextlib import suppress

from loguru import logger

from domain.shared.errors import RetryableError
from services.ports.parts import Parts


def end_predecessor_leases(parts: Parts) -> None:
    """End the leases of the predecessor of the same name, and send messages for its jobs that have none in the
    queue.
    """
    with parts.warehouse.write() as work:
        jobs = work.leases.end_for_worker(parts.readings.worker)
        work.commit()
    with suppress(RetryableError):  # otherwise the sweep sends them
        waiting = {args[0] for args in parts.messages.pending("land")} if jobs else set()
        for job_id in sorted(set(jobs) - waiting):
            logger.info("job {}: the worker ended while reading its slice; reading it again", job_id)
            parts.messages.send("land", job_id)


def release_leases(parts: Parts) -> None:
    """Release the slices of a worker that stops on request; they do not count as attempts."""
    with suppress(Exception), parts.warehouse.write() as work:  # if this fails, each counts as an attempt
        work.leases.close_for_worker(parts.readings.worker)
        work.commit()
