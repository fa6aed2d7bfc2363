"""Child processes that are kept alive: restarted when they die, with a wait that doubles while they keep dying."""

import subprocess
import sys
import time
from dataclasses import dataclass, field

from loguru import logger

from infrastructure.processes import tied_to_parent

SHORTEST, LONGEST, STEADY = 0.2, 10.0, 30.0


@dataclass
class Child:
    """A command to keep running."""

    name: str
    argv: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = SHORTEST
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start it; it gets no Ctrl-C of the terminal, and ends with the launcher."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(self.argv, env=self.env, process_group=0, stdin=subprocess.DEVNULL, preexec_fn=tied_to_parent)

    def tend(self) -> None:
        """Start it again when its time has come."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.wait = SHORTEST if now - self.started > STEADY else min(self.wait * 2, LONGEST)
            self.process, self.due = None, now + self.wait
            how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            logger.warning("{} {}; starting it again in {:.1f} s", self.name, how, self.wait)
        elif now >= self.due:
            self.start()


def stop(children: list[Child], seconds: float) -> None:
    """Ask all of them to end, and kill those that did not within the time."""
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    end = time.monotonic() + seconds
    for process in running:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(module: str, *args: str) -> list[str]:
    """A module run by this interpreter."""
    return [sys.executable, "-m", module, *args]
