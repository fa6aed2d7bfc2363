"""Whether a server answers: the log says once that it went away and once that it is back, and callers in between are spared the wait.

While a server is away, one caller every half second is let through to try it; all others get an AwayError at once.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from threading import Lock

from loguru import logger

from domain.shared.errors import AwayError

PAUSE_SECONDS = 0.5  # between two attempts at a server that is away
LONGEST_ATTEMPT_SECONDS = 15.0  # after which an attempt that told nothing of its end holds nobody back
REMINDER_SECONDS = 300.0  # between two lines about a server that stays away


class Server:
    """What this process knows of a server. Threads share it."""

    def __init__(self, name: str, pause: float = PAUSE_SECONDS) -> None:
        self.name = name
        self.pause = pause
        self._lock = Lock()
        self._away_since: float | None = None
        self._since_text = ""
        self._attempts = 0
        self._next_attempt = 0.0
        self._next_reminder = 0.0

    @property
    def away(self) -> bool:
        """Whether its last answer was a failure."""
        return self._away_since is not None

    def admit(self) -> None:
        """AwayError where the server is away and it is not time for another attempt."""
        if self._away_since is None:
            return
        with self._lock:
            now = time.monotonic()
            if self._away_since is None:
                return
            if now < self._next_attempt:
                raise self._error()
            self._next_attempt = now + LONGEST_ATTEMPT_SECONDS

    def failed(self, reason: object) -> AwayError:
        """Note that the server did not answer; the error to raise."""
        said = " ".join(str(reason).split()) or type(reason).__name__
        with self._lock:
            now = time.monotonic()
            self._attempts += 1
            self._next_attempt = now + self.pause
            if self._away_since is None:
                self._away_since, self._since_text = now, f"{datetime.now():%H:%M:%S}"
                self._next_reminder = now + REMINDER_SECONDS
                logger.warning("{} is away since {}: waiting ({})", self.name, self._since_text, said)
            elif now >= self._next_reminder:
                self._next_reminder = now + REMINDER_SECONDS
                logger.warning("{} is still away since {}, {} attempts: waiting ({})", self.name, self._since_text, self._attempts, said)
            return self._error()

    def answered(self) -> None:
        """Note that the server answered."""
        if self._away_since is None:
            return
        with self._lock:
            if self._away_since is not None:
                seconds = time.monotonic() - self._away_since
                counted = "1 attempt" if self._attempts == 1 else f"{self._attempts} attempts"
                logger.warning("{} is back after {:.0f} s, {}", self.name, seconds, counted)
                self._away_since, self._attempts = None, 0

    def wait(self, check: Callable[[], None], seconds: float) -> None:
        """Return once a server that is away passes `check`; raise its AwayError where that takes longer."""
        end = time.monotonic() + seconds
        while self.away:
            try:
                check()
                return
            except AwayError:
                if time.monotonic() > end:
                    raise
            time.sleep(min(0.2, self.pause))

    def _error(self) -> AwayError:
        return AwayError(f"{self.name} does not answer at the moment; try again")


@cache
def server_at(name: str, address: str) -> Server:
    """What this process knows of the server at the address; all its users share it."""
    return Server(name)
