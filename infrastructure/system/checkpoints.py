"""Checkpoints of what reads for long: there a reading in the background lets others go on, or ends where it is not wanted any more.

Threads in the background take turns, a moment each, so that they take one share of the interpreter between them however many they are.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from domain.pipeline.batch import Batch
from domain.shared.errors import LostRaceError

TURN_SECONDS = 0.2
YIELD_SECONDS = 0.002  # between two moments in which the interpreter is given to whoever waits for it


class FairLock:
    """A lock that is passed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self) -> None:
        """Wait for the turn."""
        with self._lock:
            if not self._held:
                self._held = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def release(self) -> None:
        """Pass the turn on."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    @property
    def contended(self) -> bool:
        """Whether somebody waits for it."""
        return bool(self._waiting)


class SliceReading:
    """One reading of a slice. The thread that waits for it and the one that reads agree by `lock` on whether it went to the background."""

    def __init__(self, batch: Batch, turns: FairLock) -> None:
        self.batch = batch
        self.turns = turns
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.detached = False
        self.cancelled = False
        self.since: float | None = None  # when it got the turn, None while it has not got it
        self.yielded = 0.0

    def detach(self) -> bool:
        """Send it to the background; False where it has ended by now."""
        with self.lock:
            self.detached = not self.ended.is_set()
            return self.detached

    def end(self) -> bool:
        """The reading ended; whether that was in the background."""
        with self.lock:
            self.ended.set()
            return self.detached

    def checkpoint(self) -> None:
        """Let others go on. LostRaceError where the slice is not wanted any more."""
        if self.cancelled:
            raise LostRaceError(f"job {self.batch.job_id} ended, or its slice was taken over, while it was read")
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
            time.sleep(0)  # whoever waits for the interpreter gets it now; at every checkpoint, that would leave hardly anything to this one
            self.yielded = time.monotonic()

    def take_turn(self) -> None:
        """Wait until no other slice in the background is at work."""
        if self.since is None:
            self.turns.acquire()
            self.since = time.monotonic()

    def pass_turn(self) -> None:
        """Let the next one go on."""
        if self.since is not None:
            self.since = None
            self.turns.release()


CURRENT = threading.local()  # of each thread, its attempt


def checkpoint() -> None:
    """To be called again and again by what reads for long; costs nothing where nothing goes on in the background."""
    attempt: SliceReading | None = getattr(CURRENT, "attempt", None)
    if attempt is not None:
        attempt.checkpoint()


@contextmanager
def waiting_for_process() -> Iterator[None]:
    """Wait for another process: meanwhile other slices in the background go on."""
    attempt: SliceReading | None = getattr(CURRENT, "attempt", None)
    held = attempt is not None and attempt.since is not None
    if attempt is not None and held:
        attempt.pass_turn()
    try:
        yield
    finally:
        if attempt is not None and held:
            attempt.take_turn()
