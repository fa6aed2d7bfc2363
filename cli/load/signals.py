"""Commands that a person or a service manager may end at any time: they say so in one line, with the shell's exit codes for it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143  # 128 and the number of SIGINT, SIGTERM


class TerminatedError(KeyboardInterrupt):
    """Raised where SIGTERM arrives: handled wherever Ctrl-C is."""


def exit_code(error: KeyboardInterrupt) -> int:
    """The exit code of what a signal ended."""
    return TERMINATED if isinstance(error, TerminatedError) else INTERRUPTED


@contextmanager
def exit_code_on_signal() -> Iterator[None]:
    """End with the exit code of the signal that comes meanwhile, and one line on stderr."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as error:
        print("tenderlake: stopped", file=sys.stderr)
        raise SystemExit(exit_code(error)) from None
