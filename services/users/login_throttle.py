"""Slows down guessing: after some wrong passwords of a user from one address, the next attempt has to wait.

The wait doubles up to a minute, so nobody is locked out for ever. Other addresses, tokens and API keys are not
affected.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from domain.shared.errors import TooManyRequestsError

WAIT_MAX_SECONDS = 60
FORGOTTEN_AFTER_SECONDS = 900
ENTRIES_MAX = 10_000
NAME_MAX_CHARACTERS = 64  # of names that are told apart


class LoginThrottle:
    """Failed password checks by user name and address, in the memory of the process."""

    def __init__(self, free_failures: int, clock: Callable[[], float] = monotonic) -> None:
        self._free_failures = free_failures
        self._clock = clock
        self._lock = Lock()
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}  # (number, time of the last), oldest first

    def check(self, name: str, address: str) -> None:
        """TooManyRequestsError, with the seconds to wait, if the next attempt is not yet allowed."""
        with self._lock:
            count, last = self._failures.get(_key(name, address), (0, 0.0))
        left = last + self._wait_seconds(count) - self._clock()
        if left > 0:
            raise TooManyRequestsError("too many wrong passwords for this user; try again later", retry_after=left)

    def failed(self, name: str, address: str) -> None:
        """Count a wrong password."""
        key, moment = _key(name, address), self._clock()
        with self._lock:
            count, last = self._failures.pop(key, (0, moment))
            if moment - last > FORGOTTEN_AFTER_SECONDS:
                count = 0
            if len(self._failures) >= ENTRIES_MAX:
                del self._failures[next(iter(self._failures))]
            self._failures[key] = (count + 1, moment)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop(_key(name, address), None)

    def _wait_seconds(self, count: int) -> float:
        excess = count - self._free_failures
        return 0.0 if excess < 0 else min(WAIT_MAX_SECONDS, 2.0 ** min(excess, 10))


def _key(name: str, address: str) -> tuple[str, str]:
    return name[:NAME_MAX_CHARACTERS], address
