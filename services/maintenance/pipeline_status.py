"""The state of the pipeline for monitoring: jobs, lag of each stage, batches set aside, deliveries. Cheap to query."""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from domain.jobs.job import JobTotals
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.clock import now

LOG_STAGES = ("refine", "publish", "match", "index", "red_flags", "embed")
SETTLED_SECONDS = 60.0  # after which no job is added under an older id


@dataclass(frozen=True)
class StageLag:
    """How far a stage is behind the log; `attempts` is the number of failed runs at its present place."""

    batches: int
    seconds: float
    attempts: int


@dataclass(frozen=True)
class PipelineStatus:
    """The state at one moment. `unlanded_seconds` is the age of the oldest upload that is not fully landed."""

    jobs: dict[str, int]
    totals: JobTotals
    lags: dict[str, StageLag]
    unlanded_seconds: float
    committed_batches: int
    batches_set_aside: int
    deliveries_pending: int


class PipelineStatusReader:
    """Reads the state. It sums up settled jobs once, as a sum over all jobs takes long."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._lock = Lock()
        self._settled_id = ""
        self._settled = JobTotals()

    def read(self) -> PipelineStatus:
        """The state now. UnavailableError if the warehouse does not answer."""
        moment = now()
        with self._lock, self.warehouse.read() as work:
            embeds = bool(work.search_settings.model())
            return PipelineStatus(
                jobs=work.jobs.by_status(),
                totals=self._totals(work),
                lags={stage: _lag(work, stage, moment) for stage in LOG_STAGES if embeds or stage != "embed"},
                unlanded_seconds=_age(work.jobs.oldest_unlanded(), moment),
                committed_batches=work.batches.last_seq(),
                batches_set_aside=work.batches.count_set_aside(),
                deliveries_pending=work.deliveries.count_pending(),
            )

    def _totals(self, work: ReadUnitOfWork) -> JobTotals:
        settled = f"{int((time.time() - SETTLED_SECONDS) * 1_000):012x}"  # ids begin with the time in milliseconds
        oldest = work.jobs.oldest_open()
        upto = settled if oldest is None else min(settled, oldest[:12])
        if upto > self._settled_id:
            self._settled += work.jobs.totals(self._settled_id, upto)
            self._settled_id = upto
        return self._settled + work.jobs.totals(self._settled_id)


def _lag(work: ReadUnitOfWork, stage: str, moment: datetime) -> StageLag:
    mark = work.watermarks.get(stage)
    position = mark.seq if stage == "refine" else work.batches.silver_position(mark.silver_batch)
    batches, oldest = work.batches.behind(position)
    return StageLag(batches, _age(oldest, moment), mark.attempts if work.watermarks.error(stage) else 0)


def _age(since: datetime | None, moment: datetime) -> float:
    return 0.0 if since is None else max(0.0, (moment - since).total_seconds())
