"""What the actors, the sweep and the runner know of a stage. The registry is services/pipeline/stages.py."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loguru import logger

from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError, NoSpaceError, RetryableError, UnavailableError, reason_of
from domain.shared.log_context import log_context
from services.pipeline.set_aside import set_aside
from services.ports.parts import Parts
from services.ports.stage_events import StageRun, observed
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now

ERROR_MAX_CHARACTERS = 2_000
WAIT_SECONDS = 300.0  # for a warehouse that is away, to note in it how an attempt ended
ATTEMPTS_BEFORE_SINGLE_BATCH = 3  # starts at one place; the last three of them take one batch alone
Arguments = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stage(ABC):
    """A stage; a call handles one message, whose arguments follow the parts."""

    name: str  # of its actor and queue
    priority: int = 1  # of its messages; a lower number is handled first
    time_limit_seconds: int = 600  # for one message
    own_thread: bool = False  # whether a thread of its own handles its messages, not in turn with other stages

    @abstractmethod
    def __call__(self, parts: Parts, *args: str) -> None: ...

    @abstractmethod
    def idle_messages(self, parts: Parts, work: ReadUnitOfWork, since: datetime) -> Sequence[Arguments]:
        """Arguments of the messages of work that is due and at rest since then: the messages may be lost."""


@dataclass(frozen=True, kw_only=True)
class LeasedStage(Stage):
    """A stage whose runs work side by side on different rows: each leases its rows, and counts attempts there."""

    run: Callable[..., None]
    idle: Callable[[ReadUnitOfWork, datetime], Sequence[Arguments]]

    def __call__(self, parts: Parts, *args: str) -> None:
        job_id = args[0] if args else None
        with log_context(job_id=job_id), observed(parts.events, StageRun(self.name, job_id=job_id)):
            self.run(parts, *args)

    def idle_messages(self, _parts: Parts, work: ReadUnitOfWork, since: datetime) -> Sequence[Arguments]:
        return self.idle(work, since)


@dataclass(frozen=True, kw_only=True)
class SingleFlightStage(Stage):
    """A stage of which one run has effect: it starts at the stage's watermark and moves it by compare-and-swap.

    A lost race is no failure: another run did the work. A run that fails or ends its worker is repeated; from the
    fourth attempt on with one batch, on which the stage gives up after the sixth. Outages and a full disk do not count
    as attempts.
    """

    due: Callable[[Parts, ReadUnitOfWork], bool]
    run: Callable[[Parts, Watermark], bool]  # returns whether more is pending
    wakes: tuple["SingleFlightStage", ...] = ()  # get a message after a run
    give_up: Callable[[Parts, Watermark, str], None] = set_aside  # on the next batch, for this reason
    upkeep_due: Callable[[Parts], bool] = lambda _: False  # whether a run is worth while without anything due

    def __call__(self, parts: Parts, *_args: str) -> None:
        more = self._run(parts)
        with parts.warehouse.read() as work:
            waking = self._waking(parts, work)
        for name in [*waking, *([self.name] if more else [])]:
            parts.messages.send(name)

    def run_all(self, parts: Parts) -> None:
        """Run until nothing is due. NoSpaceError if the disk is too full."""
        while True:
            with parts.warehouse.read() as work:
                if not self._is_worthwhile(parts, work):
                    return
            parts.files.check_free_space()
            self(parts)

    def _waking(self, parts: Parts, work: ReadUnitOfWork) -> list[str]:
        """The stages to wake: those that are due; instead of another one, those that it would wake."""
        return [
            name
            for stage in self.wakes
            for name in ([stage.name] if stage.due(parts, work) else stage._waking(parts, work))
        ]

    def idle_messages(self, parts: Parts, work: ReadUnitOfWork, since: datetime) -> Sequence[Arguments]:
        return [()] if work.watermarks.idle(self.name, since) and self._is_worthwhile(parts, work) else []

    def _is_worthwhile(self, parts: Parts, work: ReadUnitOfWork) -> bool:
        return self.due(parts, work) or self.upkeep_due(parts)

    def _run(self, parts: Parts) -> bool:
        """Run once if that is worth while; returns whether more is pending."""
        with parts.warehouse.read() as work:  # most messages that find nothing to do need no write
            if not self._is_worthwhile(parts, work):
                return False
        if disk_is_full(parts, self.name):
            return False
        with parts.warehouse.write() as work:
            if not self._is_worthwhile(parts, work):  # another run ended meanwhile
                return False
            mark = work.watermarks.start(self.name, now())
            reason = work.watermarks.error(self.name) or f"{self.name} ended its worker {mark.attempts - 1} times"
            work.commit()
        with log_context(seq=mark.seq, silver_batch=mark.silver_batch):
            return self._run_from(parts, mark, reason)

    def _run_from(self, parts: Parts, mark: Watermark, reason: str) -> bool:
        try:
            if mark.attempts <= 2 * ATTEMPTS_BEFORE_SINGLE_BATCH:
                with observed(parts.events, _described(mark)):
                    return self.run(parts, mark)
            self.give_up(parts, mark, reason)
        except LostRaceError as error:
            logger.info("{}: {}", self.name, error.detail)
            return False
        except Exception as error:
            self._record_failure(parts, error)
            raise
        return True

    def _record_failure(self, parts: Parts, error: Exception) -> None:
        if isinstance(error, UnavailableError):
            parts.warehouse.wait(WAIT_SECONDS)  # the warehouse itself may be unreachable
        with parts.warehouse.write() as work:
            if isinstance(error, RetryableError | NoSpaceError):
                work.watermarks.uncount_attempt(self.name)
            reason = f"{type(error).__name__}: {reason_of(error, ERROR_MAX_CHARACTERS)}"
            work.watermarks.record_failure(self.name, reason, now())
            work.commit()


def _described(mark: Watermark) -> StageRun:
    """The run that starts at the watermark, for events."""
    return StageRun(mark.stage, seq=mark.seq, silver_batch=mark.silver_batch, attempt=mark.attempts)


def disk_is_full(parts: Parts, what: str) -> bool:
    """Whether the disk is too full to start `what`. This counts as no attempt; the sweep repeats the message until
    there is room.
    """
    try:
        parts.files.check_free_space()
    except NoSpaceError as error:
        logger.error("{} waits: {}", what, error.detail)
        return True
    return False


def takes_single_batch(mark: Watermark) -> bool:
    """Whether the run takes one batch only, to isolate the one that makes the stage fail."""
    return mark.attempts > ATTEMPTS_BEFORE_SINGLE_BATCH
