"""Jobs as they go on, for callers that wait: however many wait, one look at the database serves them all, and none holds a thread."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress

from loguru import logger
from starlette.concurrency import run_in_threadpool

from domain.jobs.job import Job
from domain.shared.errors import level_of
from services.jobs.queries import poll_changes
from services.jobs.stage_status import JobFingerprint
from services.ports.warehouse import Warehouse

AFTER_FAILURE_SECONDS = 1.0
POLL_SECONDS = 0.1  # between two queries of the ledger, while anybody waits
Slot = asyncio.Queue[Job]


class JobWatcher:
    """Tells those who wait for jobs of every change. One a process."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._slots: dict[str, set[Slot]] = {}
        self._seen: dict[str, JobFingerprint] = {}
        self._loop: asyncio.Task[None] | None = None

    async def changes(self, job_id: str) -> AsyncGenerator[Job, None]:
        """The job now and after every change, for as long as the caller cares; whoever is slow misses what lies between."""
        slot: Slot = asyncio.Queue(1)
        self._slots.setdefault(job_id, set()).add(slot)
        self._seen.pop(job_id, None)  # so that the next look tells this one, too
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._look())
        try:
            while True:
                yield await slot.get()
        finally:
            self._slots[job_id].discard(slot)
            if not self._slots[job_id]:
                del self._slots[job_id]
                self._seen.pop(job_id, None)

    async def ended(self, jobs: Sequence[Job], seconds: float) -> list[Job]:
        """The jobs once all of them ended, or as they stand after so many seconds."""
        found = {job.id: job for job in jobs}

        async def wait(job: Job) -> None:
            async with aclosing(self.changes(job.id)) as changes:
                async for state in changes:
                    found[job.id] = state
                    if state.status.final:
                        return

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for job in jobs:
                    group.create_task(wait(job))
        return list(found.values())

    async def _look(self) -> None:
        while self._slots:
            try:
                self._tell(await run_in_threadpool(poll_changes, self.warehouse, sorted(self._slots), dict(self._seen)))
                pause = POLL_SECONDS
            except Exception as error:  # pylint: disable=broad-exception-caught  # the next look tries again
                logger.log(level_of(error), "following jobs: {}", error)
                pause = AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    def _tell(self, changed: Mapping[str, tuple[Job, JobFingerprint]]) -> None:
        for job_id, (job, seen) in changed.items():
            for slot in self._slots.get(job_id, ()):
                if slot.full():
                    slot.get_nowait()
                slot.put_nowait(job)
                self._seen[job_id] = seen
