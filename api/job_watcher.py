"""Follows jobs for waiting requests.

One database poll per interval serves every waiting request of this API process, and no request blocks a thread.
"""

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
POLL_SECONDS = 0.1  # between two polls, while a request waits
Slot = asyncio.Queue[Job]


class JobWatcher:
    """Pushes every change of a job to the requests that wait for it. One instance per process."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self._slots: dict[str, set[Slot]] = {}
        self._seen: dict[str, JobFingerprint] = {}
        self._loop: asyncio.Task[None] | None = None

    async def changes(self, job_id: str) -> AsyncGenerator[Job, None]:
        """Yield the job now and after every change until the caller stops; a slow caller gets only the newest state."""
        slot: Slot = asyncio.Queue(1)
        self._slots.setdefault(job_id, set()).add(slot)
        self._seen.pop(job_id, None)  # the next poll then yields the current state to the new caller too
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._poll())
        try:
            while True:
                yield await slot.get()
        finally:
            self._slots[job_id].discard(slot)
            if not self._slots[job_id]:
                del self._slots[job_id]
                self._seen.pop(job_id, None)

    async def ended(self, jobs: Sequence[Job], seconds: float) -> list[Job]:
        """Return the jobs once all are final, or their current state after `seconds`."""
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

    async def _poll(self) -> None:
        while self._slots:
            try:
                jobs, seen = sorted(self._slots), dict(self._seen)
                self._publish(await run_in_threadpool(poll_changes, self.warehouse, jobs, seen))
                pause = POLL_SECONDS
            except Exception as error:  # pylint: disable=broad-exception-caught  # retried at the next poll
                logger.log(level_of(error), "polling jobs failed: {}", error)
                pause = AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    def _publish(self, changed: Mapping[str, tuple[Job, JobFingerprint]]) -> None:
        for job_id, (job, seen) in changed.items():
            for slot in self._slots.get(job_id, ()):
                if slot.full():
                    slot.get_nowait()
                slot.put_nowait(job)
                self._seen[job_id] = seen
