"""A circuit that opens after repeated failures, so that a service in trouble is left alone, and lets one caller try again later.

Its state is a small file that every process of the installation reads. Two callers that come at the same moment may both try: that does no harm.
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

OPEN_MAX_SECONDS = 86_400.0  # seconds that a circuit stays open at most, whatever the service asks for


class CircuitState(NamedTuple):
    """Failures in a row, and the time (seconds since 1970) until which nobody asks."""

    failures: int = 0
    until: float = 0.0


class CircuitBreaker:
    """Opens for `rest` seconds after `failures` failures in a row; then one caller tries, and it closes or opens again."""

    def __init__(self, path: Path, name: str, *, failures: int = 3, rest: float = 300.0, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.name = name
        self.failures = failures
        self.rest = rest
        self.clock = clock

    def admit(self) -> None:
        """UnavailableError, which says how long, while the circuit is open; the one who is let through to try holds the others back."""
        if after := self.left():
            failures = self._read().failures
            times = "once" if failures == 1 else f"{failures} times in a row"
            raise UnavailableError(f"{self.name} failed {times} and is left alone for another {after} s", retry_after=after)
        state = self._read()
        if state.failures >= self.failures:
            self._write(CircuitState(state.failures, self.clock() + self.rest))

    def left(self) -> int:
        """Whole seconds until somebody may ask again; 0 while the circuit is closed."""
        return max(0, math.ceil(min(self._read().until - self.clock(), OPEN_MAX_SECONDS)))

    def succeeded(self) -> None:
        """Close it."""
        if self._read() != CircuitState():
            self._write(CircuitState())

    def failed(self, after: float | None = None) -> None:
        """Count a failure; `after` is how many seconds the service asks to be left alone."""
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
            logger.warning("{} can't be read ({}): the circuit of {} counts as closed", self.path, error, self.name)
            return CircuitState()

    def _write(self, state: CircuitState) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(state._asdict()))
        temporary.replace(self.path)
