"""Checkpoints of long readings: a background reading yields there, or ends because it is no longer wanted.

Background threads take turns, so that together they use one share of the interpreter, however many they are.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from domain.pipeline.batch import Batch
from domain.shared.errors import LostRaceError

TURN_SECONDS = 0.2
YIELD_SECONDS = 0.002  # between two moments at which the interpreter lock is released


class FairLock:
    """A lock that is granted in the order of requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self) -> None:
        """Wait until the lock is granted."""
        with self._lock:
            if not self._held:
                self._held = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def release(self) -> None:
        """Release the lock to the longest waiting thread."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    @property
    def contended(self) -> bool:
        """Whether a thread waits for the lock."""
        return bool(self._waiting)


class SliceReading:
    """One reading of a slice. `lock` makes the waiting and the reading thread agree on whether it is in the
    background."""

    def __init__(self, batch: Batch, turns: FairLock) -> None:
        self.batch = batch
        self.turns = turns
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.detached = False
        self.cancelled = False
        self.since: float | None = None  # start of the current turn; None while it has none
        self.yielded = 0.0

    def detach(self) -> bool:
        """Move the reading to the background; False if it has ended already."""
        with self.lock:
            self.detached = not self.ended.is_set()
            return self.detached

    def end(self) -> bool:
        """Mark the reading as ended; return whether it was in the background."""
        with self.lock:
            self.ended.set()
            return self.detached

    def checkpoint(self) -> None:
        """Yield to other background readings if due. LostRaceError if the slice is no longer wanted."""
        if self.cancelled:
            raise LostRaceError(f"job {self.batch.job_id} ended, or another worker took its slice, during the reading")
        if not self.detached:
            return
        if self.since is None:
            self.take_turn()
            return
        moment = time.monotonic()
        if self.turns.contended and moment - self.since > TURN_SECONDS:
            self.pass_turn()
            self.take_turn()
        elif moment - self.yielded > YIELD_SECONDS:
            time.sleep(0)  # releases the interpreter lock; at every checkpoint it would starve this thread
            self.yielded = time.monotonic()

    def take_turn(self) -> None:
        """Wait until no other background slice has the turn."""
        if self.since is None:
            self.turns.acquire()
            self.since = time.monotonic()

    def pass_turn(self) -> None:
        """Let the next background slice run."""
        if self.since is not None:
            self.since = None
            self.turns.release()


CURRENT = threading.local()  # of each thread: its attempt


def checkpoint() -> None:
    """Called repeatedly by long readings; costs almost nothing without a background reading."""
    attempt: SliceReading | None = getattr(CURRENT, "attempt", None)
    if attempt is not None:
        attempt.checkpoint()


@contextmanager
def waiting_for_process() -> Iterator[None]:
    """Let other background slices run while this one waits for another process."""
    attempt: SliceReading | None = getattr(CURRENT, "attempt", None)
    held = attempt is not None and attempt.since is not None
    if attempt is not None and held:
        attempt.pass_turn()
    try:
        yield
    finally:
        if attempt is not None and held:
            attempt.take_turn()
