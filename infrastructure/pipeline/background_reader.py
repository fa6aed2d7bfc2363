"""Reads slices in threads: a slow slice continues in the background, and the worker handles other messages meanwhile.

Background threads take turns (infrastructure/system/checkpoints.py). They can't move to another process: if this one
ends, their leases expire and other workers read the slices again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from loguru import logger

from domain.pipeline.batch import LEASE_DURATION, Batch
from infrastructure.system.checkpoints import CURRENT, FairLock, SliceReading
from services.ports.warehouse import Warehouse

PATIENCE_SECONDS = 2.5  # wait for a slice before it continues in the background; most take less
LEASE_RENEWAL_SECONDS = 3.0  # between two renewals; a lease lasts `domain.pipeline.batch.LEASE_DURATION`
READING_MAX_SECONDS = 4 * 3_600.0  # afterwards a slice is given up: its lease is no longer renewed
MAX_THREADS = 10_000
T = TypeVar("T")


class BackgroundSliceReader:
    """Adapter of the port `Readings` in a worker process. `worker` is the unique name of that process."""

    def __init__(
        self, warehouse: Warehouse, worker: str, patience: float = PATIENCE_SECONDS, beat: float = LEASE_RENEWAL_SECONDS
    ) -> None:
        self.warehouse = warehouse
        self.worker = worker
        self.patience = patience
        self.beat = beat
        self.turns = FairLock()
        # Threads are kept: the kernel kills a PDF child process when the thread that started it ends.
        self.threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._held: Counter[tuple[int, str]] = Counter()  # (batch, job) of the leases
        self._attempts: dict[int, tuple[SliceReading, float]] = {}
        self._beating: threading.Thread | None = None

    def is_landing(self, job_id: str) -> bool:
        """Whether this process is landing a slice of the job."""
        with self._lock:
            return any(job == job_id for _, job in self._held)

    @contextmanager
    def renewing_leases(self, batches: Sequence[Batch]) -> Iterator[None]:
        """Renew the leases of these batches while the context is open."""
        keys = [(batch.id, batch.job_id) for batch in batches]
        with self._lock:
            self._held.update(keys)
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._beating.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(keys)
                self._held += Counter()  # drops those at zero

    def read(self, batch: Batch, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T | None:
        """Return the result of `work`, or None if it takes long.

        In that case `late` gets the result, in the background, as a function that returns it or raises the error.
        """
        attempt = SliceReading(batch, self.turns)
        found = self.threads.submit(copy_context().run, self._work, attempt, work, late)
        try:
            attempt.ended.wait(self.patience)
            if attempt.detach():
                logger.debug("job {}: slow slice continues in the background", batch.job_id)
                return None
            return found.result()
        except BaseException:
            attempt.cancelled = True  # the worker is stopping and discards the result
            raise

    def _work(self, attempt: SliceReading, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T:
        CURRENT.attempt = attempt
        with self._lock:
            self._attempts[attempt.batch.id] = attempt, time.monotonic()
        try:
            with self.renewing_leases([attempt.batch]):
                return self._follow(attempt, work, late)
        finally:
            attempt.pass_turn()
            with self._lock:
                del self._attempts[attempt.batch.id]
            CURRENT.attempt = None

    @staticmethod
    def _follow(attempt: SliceReading, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T:
        try:
            found = work()
        except BaseException as error:
            if attempt.end():
                attempt.take_turn()
                late(_raising(error))
            raise
        if attempt.end():
            attempt.take_turn()  # one background slice lands at a time
            late(lambda: found)
        return found

    def _beat(self) -> None:
        while True:
            time.sleep(self.beat)
            with self._lock:
                keys = list(self._held)
                old = {
                    key for key, (_, since) in self._attempts.items() if time.monotonic() - since > READING_MAX_SECONDS
                }
            try:
                self.renew([batch for batch, _ in keys if batch not in old])
            except Exception as error:  # pylint: disable=broad-exception-caught  # retried
                logger.debug("renewing leases failed: {}", error)

    def renew(self, batch_ids: Sequence[int]) -> None:
        """Renew the leases; readings of batches that are no longer open end at their next checkpoint."""
        if not batch_ids:
            return
        with self.warehouse.write() as work:
            lost = work.leases.renew(batch_ids, datetime.now(UTC) + LEASE_DURATION)
            work.commit()
        with self._lock:
            for batch_id in lost:
                if batch_id in self._attempts:
                    self._attempts[batch_id][0].cancelled = True


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def raise_error() -> NoReturn:
        raise error

    return raise_error
