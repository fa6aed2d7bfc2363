"""Exit codes and messages of commands that Ctrl-C or SIGTERM ends."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # 128 + signal number


class TerminatedError(KeyboardInterrupt):
    """Raised on SIGTERM; handled wherever Ctrl-C is."""


def exit_code(error: KeyboardInterrupt) -> int:
    """Return the exit code for the signal that raised `error`."""
    return TERMINATED if isinstance(error, TerminatedError) else INTERRUPTED


@contextmanager
def exit_code_on_signal() -> Iterator[None]:
    """On SIGINT or SIGTERM, print one line to stderr and exit with the signal's exit code."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as error:
        print("tenderlake: stopped", file=sys.stderr)
        raise SystemExit(exit_code(error)) from None
