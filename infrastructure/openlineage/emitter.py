"""Sends OpenLineage events in a thread of its own, in order, through a bounded queue.

An endpoint that is down delays no stage: events that find the queue full, or that can't be sent, are dropped. The first
drop of an outage is logged, and their number once events arrive again. Nothing is imported or started before the first
event.
"""

import atexit
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Any

from loguru import logger

from infrastructure.openlineage.events import EventBuilder, EventType
from services.ports.stage_events import StageRun

QUEUE_MAX_EVENTS = 1_000
CLOSE_SECONDS = 2.0  # for the last events when the process ends
Waiting = tuple[StageRun, EventType, str | None]


class OpenLineageEvents:
    """Adapter of the port `StageEvents`. `connect` makes the client of the OpenLineage library."""

    def __init__(self, connect: Callable[[], Any], build: EventBuilder, max_events: int = QUEUE_MAX_EVENTS) -> None:
        self._connect, self._build = connect, build
        self._waiting: Queue[Waiting] = Queue(max_events)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._dropped = 0

    def started(self, run: StageRun) -> None:
        """Send START."""
        self._send(run, EventType.START)

    def completed(self, run: StageRun) -> None:
        """Send COMPLETE."""
        self._send(run, EventType.COMPLETE)

    def aborted(self, run: StageRun, reason: str) -> None:
        """Send ABORT."""
        self._send(run, EventType.ABORT, reason)

    def failed(self, run: StageRun, reason: str) -> None:
        """Send FAIL."""
        self._send(run, EventType.FAIL, reason)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Wait until the queue is empty, at most so long."""
        done = threading.Thread(target=self._waiting.join, daemon=True)
        done.start()
        done.join(seconds)

    def _send(self, run: StageRun, event: EventType, reason: str | None = None) -> None:
        if not self._build.knows(run.stage):
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="openlineage", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        try:
            self._waiting.put_nowait((run, event, reason))
        except Full:
            self._drop("the queue of events is full")

    def _work(self) -> None:
        client = None
        while True:
            try:
                run, event, reason = self._waiting.get(timeout=60.0)
            except Empty:
                continue
            try:
                client = client or self._connect()
                client.emit(self._build.event(run, event, reason))
                self._recovered()
            except Exception as error:  # pylint: disable=broad-exception-caught  # a lost event must not end the thread
                self._drop(f"{type(error).__name__}: {error}")
            finally:
                self._waiting.task_done()

    def _drop(self, reason: str) -> None:
        with self._lock:
            self._dropped += 1
            first = self._dropped == 1
        if first:
            logger.warning("OpenLineage events are dropped until they can be sent again: {}", reason)

    def _recovered(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            logger.info("OpenLineage events are sent again; {} were dropped", dropped)
