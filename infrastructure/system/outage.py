"""Outages of a server: logged once at the beginning and once at the end; calls during an outage fail at once.

While a server is away, one call per half second is let through to try it; all others get an AwayError.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from threading import Lock

from loguru import logger

from domain.shared.errors import AwayError

PAUSE_SECONDS = 0.5  # between two attempts to reach a server that is away
LONGEST_ATTEMPT_SECONDS = 15.0  # afterwards an attempt without a result no longer blocks others
REMINDER_SECONDS = 300.0  # between two log lines about a server that stays away


class Server:
    """State of a server as this process sees it; shared by threads."""

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
        """Whether the last call failed."""
        return self._away_since is not None

    def admit(self) -> None:
        """AwayError if the server is away and the next attempt is not due."""
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
        """Record that the server did not answer; return the error to raise."""
        reason_text = " ".join(str(reason).split()) or type(reason).__name__
        with self._lock:
            now = time.monotonic()
            self._attempts += 1
            self._next_attempt = now + self.pause
            if self._away_since is None:
                self._away_since, self._since_text = now, f"{datetime.now():%H:%M:%S}"
                self._next_reminder = now + REMINDER_SECONDS
                logger.warning("{} is away since {}: waiting ({})", self.name, self._since_text, reason_text)
            elif now >= self._next_reminder:
                self._next_reminder = now + REMINDER_SECONDS
                text = "{} is still away since {}, {} attempts: waiting ({})"
                logger.warning(text, self.name, self._since_text, self._attempts, reason_text)
            return self._error()

    def answered(self) -> None:
        """Record that the server answered."""
        if self._away_since is None:
            return
        with self._lock:
            if self._away_since is not None:
                seconds = time.monotonic() - self._away_since
                counted = "1 attempt" if self._attempts == 1 else f"{self._attempts} attempts"
                logger.warning("{} is back after {:.0f} s, {}", self.name, seconds, counted)
                self._away_since, self._attempts = None, 0

    def wait(self, check: Callable[[], None], seconds: float) -> None:
        """Return when a server that is away passes `check`; raise its AwayError after so many seconds."""
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
def server_at(name: str, address: str) -> Server:  # pylint: disable=unused-argument # the address is part of the cache's key
    """Return the state of the server at the address, shared by all its users."""
    return Server(name)
