"""Events about runs of stages, for systems that collect lineage. Sending them never fails or delays a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from domain.shared.errors import LostRaceError, reason_of


@dataclass(frozen=True)
class StageRun:
    """A run of a stage: `seq` and `silver_batch` are its watermark at the start, `job_id` the job of its message."""

    stage: str
    seq: int | None = None
    silver_batch: int | None = None
    job_id: str | None = None
    attempt: int = 1
    id: UUID = field(default_factory=uuid4)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class StageEvents(Protocol):
    """Takes events; returns at once."""

    def started(self, run: StageRun) -> None: ...
    def completed(self, run: StageRun) -> None: ...
    def aborted(self, run: StageRun, reason: str) -> None: ...
    def failed(self, run: StageRun, reason: str) -> None: ...


class NoStageEvents:
    """Sends nothing."""

    def started(self, run: StageRun) -> None:
        """Do nothing."""

    def completed(self, run: StageRun) -> None:
        """Do nothing."""

    def aborted(self, run: StageRun, reason: str) -> None:
        """Do nothing."""

    def failed(self, run: StageRun, reason: str) -> None:
        """Do nothing."""


@contextmanager
def observed(events: StageEvents, run: StageRun) -> Iterator[None]:
    """Send the start of the run, and how it ends; a lost race aborts it, since another run did the work."""
    events.started(run)
    try:
        yield
    except LostRaceError as error:
        events.aborted(run, error.detail)
        raise
    except Exception as error:
        events.failed(run, f"{type(error).__name__}: {reason_of(error)}")
        raise
    events.completed(run)
