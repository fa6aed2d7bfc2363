"""Child processes that are kept alive: restarted when they die, after a wait that doubles while they keep dying; stopped in order."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loguru import logger

from infrastructure.system.child_processes import ended, kill_group, spawn

SHORTEST, LONGEST, STEADY = 0.2, 10.0, 30.0  # seconds: first and longest wait, and the life after which a death counts as the first
REFUSED_EXIT_CODE = 78  # exit code (EX_CONFIG) of a child that said in one line why starting it again would not help


@dataclass
class ManagedProcess:
    """A command to keep running. `grace` is the seconds that it gets to end by itself, `why` what its own log says about its end."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    keep: Sequence[int] = ()
    grace: float = 5.0
    nice: int = 0
    before: Callable[[], None] = lambda: None
    why: Callable[[], str] = lambda: ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = SHORTEST
    deaths: int = 0

    def start(self) -> None:
        """Start it. OSError where it can't be."""
        self.started = time.monotonic()
        self.before()
        self.process = spawn(self.argv, self.env, self.keep, self.nice)

    def dead(self) -> bool:
        """Whether it has ended since it was started."""
        return self.process is not None and ended(self.process)

    def restart_if_dead(self) -> None:
        """Look after it: say once that it died, and start it again when its time has come."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.started + self.wait:
                self._restart()
        elif ended(self.process):
            self.wait = SHORTEST if now - self.started > STEADY or not self.deaths else min(self.wait * 2, LONGEST)
            self.deaths += 1
            logger.warning("{} {}; starting it again in {:.1f} s", self.name, self.end(), self.wait)
            self.process, self.started = None, now

    def end(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode if self.process else None
        how = f"was ended by {signal.Signals(-code).name}" if code is not None and code < 0 else f"ended with exit code {code}"
        said = self.why()
        return f"{how} ({said})" if said else how

    def _restart(self) -> None:
        try:
            self.start()
        except OSError as error:
            self.wait = min(self.wait * 2, LONGEST)
            self.started = time.monotonic()
            logger.error("{} can't be started: {}; trying again in {:.1f} s", self.name, error, self.wait)


def stop(children: Iterable[ManagedProcess]) -> None:
    """Ask these to end, all at once, and kill those that did not within their grace."""
    running = [(child.process, child.grace) for child in children if child.process is not None and not ended(child.process)]
    for process, _ in running:
        process.terminate()
    begun = time.monotonic()
    for process, grace in running:
        while not ended(process) and time.monotonic() - begun < grace:
            time.sleep(0.01)
        if not ended(process):
            kill_group(process)
            process.wait()


def python(module: str, *args: str) -> list[str]:
    """A module run by this interpreter; -P, because folders of the current directory may bear the names of ours."""
    return [sys.executable, "-P", "-m", module, *args]
