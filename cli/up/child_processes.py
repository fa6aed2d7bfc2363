"""Keeps child processes running: restarts those that exit, with exponential backoff, and stops them in order."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loguru import logger

from infrastructure.system.child_processes import ended, kill_group, spawn

MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 0.2, 10.0
STABLE_SECONDS = 30.0  # an exit after running for so long starts again at the shortest backoff


@dataclass
class ManagedProcess:
    """A command to keep running. `grace` is the seconds that it has to stop by itself; `why` reads the reason from its
    log.
    """

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
    wait: float = MIN_BACKOFF_SECONDS
    deaths: int = 0

    def start(self) -> None:
        """Start the command. OSError if that fails."""
        self.started = time.monotonic()
        self.before()
        self.process = spawn(self.argv, self.env, self.keep, self.nice)

    def dead(self) -> bool:
        """Whether it has exited since it was started."""
        return self.process is not None and ended(self.process)

    def restart_if_dead(self) -> None:
        """Log an exit once, and restart the command after the backoff."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.started + self.wait:
                self._restart()
        elif ended(self.process):
            self.wait = (
                MIN_BACKOFF_SECONDS
                if now - self.started > STABLE_SECONDS or not self.deaths
                else min(self.wait * 2, MAX_BACKOFF_SECONDS)
            )
            self.deaths += 1
            logger.warning("{} {}; restarting it in {:.1f} s", self.name, self.end(), self.wait)
            self.process, self.started = None, now

    def end(self) -> str:
        """How it exited, for messages: the signal or exit code, and the reason if known."""
        code = self.process.returncode if self.process else None
        how = (
            f"was terminated by {signal.Signals(-code).name}"
            if code is not None and code < 0
            else f"exited with code {code}"
        )
        reason = self.why()
        return f"{how} ({reason})" if reason else how

    def _restart(self) -> None:
        try:
            self.start()
        except OSError as error:
            self.wait = min(self.wait * 2, MAX_BACKOFF_SECONDS)
            self.started = time.monotonic()
            logger.error("{} can't be started: {}; retrying in {:.1f} s", self.name, error, self.wait)


def stop(children: Iterable[ManagedProcess]) -> None:
    """Terminate these all at once, and kill those that do not exit within their grace."""
    running = [
        (child.process, child.grace) for child in children if child.process is not None and not ended(child.process)
    ]
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
    """The command that runs a module; -P, as folders in the current directory may have the names of our packages."""
    return [sys.executable, "-P", "-m", module, *args]
