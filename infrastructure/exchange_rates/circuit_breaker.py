"""Circuit breaker: after repeated failures of a service it blocks calls for some time, then admits one trial call.

Its state is a small file that all processes of the installation share. Two callers at the same moment may both be
admitted, which is harmless.
"""

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from loguru import logger

from domain.shared.errors import UnavailableError

OPEN_MAX_SECONDS = 86_400.0  # also if the service asks for more


class CircuitState(NamedTuple):
    """Consecutive failures, and the time (seconds since 1970) until which calls are blocked."""

    failures: int = 0
    until: float = 0.0


class CircuitBreaker:
    """Opens for `rest` seconds after `failures` consecutive failures; then one trial call closes it or opens it
    again.
    """

    def __init__(
        self, path: Path, name: str, *, failures: int = 3, rest: float = 300.0, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self.name = name
        self.failures = failures
        self.rest = rest
        self.clock = clock

    def admit(self) -> None:
        """UnavailableError with `retry_after` while the circuit is open; a trial call keeps others blocked for `rest`
        seconds.
        """
        if after := self.left():
            failures = self._read().failures
            times = "once" if failures == 1 else f"{failures} times in a row"
            raise UnavailableError(
                f"{self.name} failed {times}; the next call is allowed in {after} s", retry_after=after
            )
        state = self._read()
        if state.failures >= self.failures:
            self._write(CircuitState(state.failures, self.clock() + self.rest))

    def left(self) -> int:
        """Seconds, rounded up, until calls are allowed again; 0 while the circuit is closed."""
        return max(0, math.ceil(min(self._read().until - self.clock(), OPEN_MAX_SECONDS)))

    def succeeded(self) -> None:
        """Close the circuit."""
        if self._read() != CircuitState():
            self._write(CircuitState())

    def failed(self, after: float | None = None) -> None:
        """Count a failure; `after` is the Retry-After of the service in seconds."""
        state = self._read()
        failures = state.failures + 1
        rest = max(after or 0.0, self.rest if failures >= self.failures else 0.0)
        self._write(CircuitState(failures, self.clock() + min(rest, OPEN_MAX_SECONDS) if rest else 0.0))

    def _read(self) -> CircuitState:
        try:
            found = json.loads(self.path.read_text())
            return CircuitState(int(found["failures"]), float(found["until"]))
        except FileNotFoundError:
            return CircuitState()
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning(
                "{} can't be read ({}): the circuit breaker of {} counts as closed", self.path, error, self.name
            )
            return CircuitState()

    def _write(self, state: CircuitState) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(state._asdict()))
        temporary.replace(self.path)
