"""Reading in threads: a slice that takes long goes on in the background, and its worker is free for what waits behind it.

Threads in the background take turns (infrastructure/system/checkpoints.py). They can't be moved to another process: where this one ends, their
leases in the ledger run out and their slices are read again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from loguru import logger

from domain.pipeline.batch import LEASE_DURATION, Batch
from infrastructure.system.checkpoints import CURRENT, FairLock, SliceReading
from services.ports.warehouse import Warehouse

PATIENCE_SECONDS = 2.5  # in which a slice is waited for before it goes on in the background: most take less, on a busy machine too
LEASE_RENEWAL_SECONDS = 3.0  # between two renewals of the leases, each for `domain.jobs.job.LEASE`
READING_MAX_SECONDS = 4 * 3_600.0  # after which a slice is given up: its lease is not renewed any more
MAX_THREADS = 10_000
T = TypeVar("T")


class BackgroundSliceReader:
    """The port `Readings` of a worker process. `worker` is its name, unlike that of any other that lives."""

    def __init__(self, warehouse: Warehouse, worker: str, patience: float = PATIENCE_SECONDS, beat: float = LEASE_RENEWAL_SECONDS) -> None:
        self.warehouse = warehouse
        self.worker = worker
        self.patience = patience
        self.beat = beat
        self.turns = FairLock()
        # Its threads are kept: the kernel ends a child process (infrastructure/pdf) with the thread that started it.
        self.threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._held: Counter[tuple[int, str]] = Counter()  # (batch, job) of the leases
        self._attempts: dict[int, tuple[SliceReading, float]] = {}
        self._beating: threading.Thread | None = None

    def is_landing(self, job_id: str) -> bool:
        """Whether a slice of the job is being landed in this process."""
        with self._lock:
            return any(job == job_id for _, job in self._held)

    @contextmanager
    def renewing_leases(self, batches: Sequence[Batch]) -> Iterator[None]:
        """Renew the leases of these batches until the end."""
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
        """What `work` gives; None where it takes long: then `late` is called with it in the background, once it has ended."""
        attempt = SliceReading(batch, self.turns)
        found = self.threads.submit(self._work, attempt, work, late)
        try:
            attempt.ended.wait(self.patience)
            if attempt.detach():
                logger.debug("job {}: its slice takes long and is read in the background", batch.job_id)
                return None
            return found.result()
        except BaseException:
            attempt.cancelled = True  # the worker was told to stop, and nobody takes the result
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
            attempt.take_turn()  # one lands at a time
            late(lambda: found)
        return found

    def _beat(self) -> None:
        while True:
            time.sleep(self.beat)
            with self._lock:
                keys = list(self._held)
                old = {key for key, (_, since) in self._attempts.items() if time.monotonic() - since > READING_MAX_SECONDS}
            try:
                self.renew([batch for batch, _ in keys if batch not in old])
            except Exception as error:  # pylint: disable=broad-exception-caught  # the next beat tries again; the lease lasts for several
                logger.debug("leases: {}", error)

    def renew(self, batch_ids: Sequence[int]) -> None:
        """Renew the leases; readings of batches that are not open any more end at their next checkpoint."""
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
    def again() -> NoReturn:
        raise error

    return again
