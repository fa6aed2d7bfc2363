"""Limits of this process: requests per caller, and unfinished jobs."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from domain.shared.errors import TooManyRequestsError
from services.ports.warehouse import Warehouse

COUNT_SECONDS = 1.0  # for which a count of unfinished jobs is used; jobs accepted meanwhile are added to it
JOBS_RETRY_SECONDS = 5
MAX_CALLERS = 10_000  # whose buckets are kept; full ones are dropped first


class RequestRate:
    """A token bucket per caller: `per_minute` requests at once, and as many per minute. None: no limit."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = monotonic) -> None:
        self.per_minute = per_minute
        self.clock = clock
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # (tokens, time of the count)

    def take(self, caller: str) -> None:
        """Count a request. TooManyRequestsError, with the seconds to wait, if the caller has none left."""
        if self.per_minute is None:
            return
        per_second = self.per_minute / 60
        with self._lock:
            now = self.clock()
            tokens, at = self._buckets.get(caller, (float(self.per_minute), now))
            tokens = min(float(self.per_minute), tokens + (now - at) * per_second)
            if tokens < 1:
                self._buckets[caller] = tokens, now
                raise TooManyRequestsError(
                    f"{caller} may send {self.per_minute} requests per minute (TENDERLAKE_RATE_PER_MINUTE)",
                    retry_after=(1 - tokens) / per_second,
                )
            if len(self._buckets) >= MAX_CALLERS:
                self._drop_full(now, self.per_minute)
            self._buckets[caller] = tokens - 1, now

    def _drop_full(self, now: float, size: int) -> None:
        full = [name for name, (left, at) in self._buckets.items() if left + (now - at) * size / 60 >= size]
        for name in full:
            del self._buckets[name]


class OpenJobs:
    """Refuses new jobs while too many are unfinished; 0: no limit. The count is up to a second old."""

    def __init__(self, warehouse: Warehouse, most: int, clock: Callable[[], float] = monotonic) -> None:
        self.warehouse = warehouse
        self.most = most
        self.clock = clock
        self._lock = Lock()
        self._count = 0
        self._counted_at: float | None = None

    def admit(self) -> None:
        """Count a job to come. TooManyRequestsError if there are too many."""
        if not self.most:
            return
        with self._lock:
            if self._counted_at is None or self.clock() - self._counted_at > COUNT_SECONDS:
                with self.warehouse.read() as work:
                    self._count = work.jobs.count_open()
                self._counted_at = self.clock()
            if self._count >= self.most:
                raise TooManyRequestsError(
                    f"{self._count} jobs are unfinished, the most that TENDERLAKE_MAX_OPEN_JOBS allows: wait for some",
                    retry_after=JOBS_RETRY_SECONDS,
                )
            self._count += 1
