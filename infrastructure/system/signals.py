"""Ends a command in an orderly way on a signal."""

import signal
from threading import Event
from types import FrameType


def set_on_stop_signal(stop: Event) -> None:
    """Set `stop` on SIGTERM, SIGINT and SIGHUP; one that is ignored stays ignored, as under `nohup`."""

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
