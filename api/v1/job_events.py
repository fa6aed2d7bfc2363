"""Server-sent events of a job: its state at once and after each change, heartbeats in between, until the last stage
ends.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from api.job_watcher import JobWatcher
from api.v1.schemas import JobAnswer
from domain.jobs.job import Job, JobStatus

HEARTBEAT_SECONDS = 15.0  # without a change for this long, a comment keeps the connection alive
AFTER_END_MAX_SECONDS = 600.0  # how long the stream reports stages that run after the job's end (embed)
RECONNECT_MS = 2_000  # delay before a client reconnects
EXAMPLE = "retry: 2000\n\nid: 1\nevent: job\ndata: {…}\n\n: still here\n\n"
DATA = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/JobAnswer"}}
# `itemSchema` (OpenAPI 3.2) describes one event of the stream; `schema` would describe the whole stream.
EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "counts the events of this stream"},
        "event": {"const": "job"},
        "data": {**DATA, "description": "the job, as GET /v1/jobs/{id} answers it"},
        "retry": {"type": "integer", "description": "ms to wait before reconnecting"},
    },
}
STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "The events", "content": {"text/event-stream": {"itemSchema": EVENT, "example": EXAMPLE}}}}


async def stream(following: JobWatcher, job_id: str, heartbeat: float = HEARTBEAT_SECONDS) -> AsyncIterator[str]:
    """Yield the events as text. A reconnecting client gets the present state first, so it needs no missed events."""
    yield f"retry: {RECONNECT_MS}\n\n"
    sent, number, deadline = "", 0, None
    clock = asyncio.get_running_loop().time
    async with aclosing(following.changes(job_id)) as changes:
        upcoming = asyncio.ensure_future(anext(changes))
        try:
            while deadline is None or clock() < deadline:
                await asyncio.wait([upcoming], timeout=heartbeat)
                if not upcoming.done():
                    yield ": still here\n\n"
                    continue
                job = upcoming.result()
                text = JobAnswer.of(job).model_dump_json()
                if text != sent:
                    sent, number = text, number + 1
                    yield f"id: {number}\nevent: job\ndata: {text}\n\n"
                if settled(job):
                    return
                if job.status.final and deadline is None:
                    deadline = clock() + AFTER_END_MAX_SECONDS
                upcoming = asyncio.ensure_future(anext(changes))
        finally:
            upcoming.cancel()
            await asyncio.wait([upcoming])


def settled(job: Job) -> bool:
    """Whether the job can't change any more: it has ended, and so has each of its stages."""
    if job.status is JobStatus.SUCCEEDED:
        return all(stage.status in {"done", "failed"} for stage in job.stages)
    return job.status.final
