"""Server-sent events of a job: its state at once and after every change, until its last stage has ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi.sse import ServerSentEvent

from api.job_watcher import JobWatcher
from api.v1.schemas import JobAnswer
from domain.jobs.job import Job, JobStatus

QUIET_AFTER_END_SECONDS = 600.0  # without a change, once the job has ended; embed may still be under way
RECONNECT_MS = 2_000
# What FastAPI can't know of the events: `data` is a job.
DESCRIPTION: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events",
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "required": ["id", "event", "data"],
                    "properties": {
                        "event": {"const": "job"},
                        "data": {
                            "contentMediaType": "application/json",
                            "contentSchema": {"$ref": "#/components/schemas/JobAnswer"},
                        },
                    },
                }
            }
        },
    }
}


async def job_events(watcher: JobWatcher, job_id: str) -> AsyncGenerator[ServerSentEvent, None]:
    """Events `job` with the job as JSON, as `GET /v1/jobs/{id}` answers it, numbered from 1.

    The first event is the present state, so that a client that reconnects (`Last-Event-ID`) needs nothing that it
    missed.
    """
    sent, number = "", 0
    seconds: float | None = None
    async with aclosing(watcher.changes(job_id)) as changes:
        while True:
            try:
                job = await asyncio.wait_for(anext(changes), seconds)
            except TimeoutError:
                return
            text = JobAnswer.of(job).model_dump_json()
            if text != sent:
                sent, number = text, number + 1
                yield ServerSentEvent(raw_data=text, event="job", id=str(number), retry=RECONNECT_MS)
            if settled(job):
                return
            if job.status.final:
                seconds = QUIET_AFTER_END_SECONDS


def settled(job: Job) -> bool:
    """Whether the job and all its stages have ended, embed too."""
    if job.status is JobStatus.SUCCEEDED:
        return all(stage.status in {"done", "failed"} for stage in job.stages)
    return job.status.final
