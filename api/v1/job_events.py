"""Server-sent events of a job: its state at once and after every change, comments in between, the end after its last stage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from api.job_watcher import JobWatcher
from api.v1.schemas import JobAnswer
from domain.jobs.job import Job, JobStatus

HEARTBEAT_SECONDS = 15.0  # seconds without a change after which a comment says that we are still here
AFTER_END_MAX_SECONDS = 600.0  # seconds that the stages behind a job's end (embed) get to be told of
RECONNECT_MS = 2_000  # ms after which a client whose connection broke comes back
EXAMPLE = "retry: 2000\n\nid: 1\nevent: job\ndata: {…}\n\n: still here\n\n"
DATA = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/JobAnswer"}}
# `itemSchema` is OpenAPI 3.2's word for one event of the stream; `schema` would describe the stream as a whole.
EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "description": "counts the events of this stream"},
        "event": {"const": "job"},
        "data": {**DATA, "description": "the job, as GET /v1/jobs/{id} answers it"},
        "retry": {"type": "integer", "description": "ms after which to come back where the connection breaks"},
    },
}
STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "The events", "content": {"text/event-stream": {"itemSchema": EVENT, "example": EXAMPLE}}}}


async def stream(following: JobWatcher, job_id: str, heartbeat: float = HEARTBEAT_SECONDS) -> AsyncIterator[str]:
    """The events as text. A client that comes back (Last-Event-ID) is told the present state first, so that it needs nothing of what it missed."""
    yield f"retry: {RECONNECT_MS}\n\n"
    told, number, over = "", 0, None
    clock = asyncio.get_running_loop().time
    async with aclosing(following.changes(job_id)) as changes:
        coming = asyncio.ensure_future(anext(changes))
        try:
            while over is None or clock() < over:
                await asyncio.wait([coming], timeout=heartbeat)
                if not coming.done():
                    yield ": still here\n\n"
                    continue
                job = coming.result()
                text = JobAnswer.of(job).model_dump_json()
                if text != told:
                    told, number = text, number + 1
                    yield f"id: {number}\nevent: job\ndata: {text}\n\n"
                if settled(job):
                    return
                if job.status.final and over is None:
                    over = clock() + AFTER_END_MAX_SECONDS
                coming = asyncio.ensure_future(anext(changes))
        finally:
            coming.cancel()
            await asyncio.wait([coming])


def settled(job: Job) -> bool:
    """Whether nothing will change any more: it ended, and no stage is to come for it."""
    if job.status is JobStatus.SUCCEEDED:
        return all(stage.status in {"done", "failed"} for stage in job.stages)
    return job.status.final
