"""/v1/jobs…: what became of what was sent, and what can be done about it."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.auth import SCHEMES, Reader, Writer
from api.context import Context
from api.openapi import COMMON, answers
from api.requests.parameters import Cursor, From, Until, next_link, reject_unknown_parameters
from api.responses.csv import CSV, as_csv, wants_csv
from api.v1.job_events import DESCRIPTION, job_events
from api.v1.job_responses import CHANGE, Options, accepted
from api.v1.schemas import Errors, JobAnswer, Jobs
from api.v1.webhook_schemas import Deliveries, DeliveryAnswer
from domain.jobs.job import JobFilter, JobStatus, JobType
from domain.raw_records.quarantine import Quarantined
from domain.shared.errors import InvalidError
from services.jobs.queries import all_errors, get_job, list_errors, list_jobs
from services.jobs.retry_and_cancel import cancel, retry
from services.webhooks.outbox import list_deliveries, redeliver

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[*SCHEMES, Depends(reject_unknown_parameters)], responses=COMMON)
Id = Annotated[str, Path(description="the job's id", max_length=100)]
DeliveryId = Annotated[int, Path(ge=0, lt=2**63, description="the delivery's id")]
Limit = Annotated[int, Query(ge=1, le=1000, description="deliveries a page has at most")]
ErrorLimit = Annotated[int | None, Query(alias="limit", ge=1, le=1000, description="records a page has at most (JSON only); default: 100")]
Format = Annotated[str | None, Query(alias="format", pattern="^(json|csv)$", description="`csv` or `json`; goes before Accept")]


class JobQuery(BaseModel):
    """The parameters of a list of jobs."""

    status: JobStatus | None = Field(None, description="only jobs of that status")
    type: JobType | None = Field(None, description="only jobs of that type")
    filename: str | None = Field(None, description="only jobs whose file name begins so", max_length=1_000)
    actor: str | None = Field(None, description="only jobs that this user sent", max_length=100)
    created_from: From | None = Field(None, description="accepted on or after this date or instant")
    created_to: Until | None = Field(None, description="accepted on or before this date or instant")
    cursor: Cursor = None
    limit: int = Field(20, ge=1, le=1000, description="jobs a page has at most")


@router.get("")
def jobs(request: Request, context: Context, _: Reader, asked: Annotated[JobQuery, Query()]) -> Jobs:
    """List jobs, newest first."""
    page, following = list_jobs(context.parts.warehouse, JobFilter(**asked.model_dump(exclude={"cursor", "limit"})), asked.cursor, asked.limit)
    return Jobs(items=[JobAnswer.of(job) for job in page], next=next_link(request, following))


@router.get("/{job_id}", responses=answers(404))
def job(job_id: Id, context: Context, _: Reader) -> JobAnswer:
    """How far a job has come: its stages, and what became of its records.

    `quarantined` records are listed, with their reasons, under `links.errors`; a job with some of them succeeds all the same.
    """
    return JobAnswer.of(get_job(context.parts.warehouse, job_id))


@router.delete("/{job_id}", responses=answers(404, 409))
def stop(job_id: Id, context: Context, user: Writer) -> JobAnswer:
    """Cancel a job that is not landed yet. Records that it had landed by then stay, and `error.detail` says how many."""
    return JobAnswer.of(cancel(context.parts, job_id, user.name))


@router.post("/{job_id}/retry", status_code=202, response_model=JobAnswer, responses={**CHANGE, **answers(404, 410)})
def again(job_id: Id, context: Context, user: Writer, options: Options) -> Response:
    """Land the file of a job again, as a new job: of one that failed or was cancelled, or of one with records in quarantine. `retry_of` names the old one."""
    return accepted(context, options, retry(context.parts, job_id, user.name, options.idempotency_key(user, ""), options.job_webhook(context)))


@router.get("/{job_id}/errors", response_model=Errors, responses={**answers(404), **CSV})
def errors(
    request: Request, job_id: Id, context: Context, _: Reader, cursor: Cursor = None, limit: ErrorLimit = None, form: Format = None
) -> Errors | StreamingResponse:
    """The records of a job that were refused: where they stood, what is wrong with them, and how they begin.

    As CSV (`Accept: text/csv` or `?format=csv`) all of them at once.
    """
    if wants_csv(request, form):
        if cursor is not None or limit is not None:
            raise InvalidError("CSV holds all errors at once; leave out cursor and limit")
        get_job(context.parts.warehouse, job_id)
        return as_csv(list(Quarantined.model_fields), all_errors(context.parts.warehouse, job_id), f"{job_id}-errors.csv")
    page, following = list_errors(context.parts.warehouse, job_id, cursor=cursor, limit=limit or 100)
    return Errors(items=list(page), next=next_link(request, following))


def _existing(job_id: Id, context: Context, _: Reader) -> None:
    get_job(context.parts.warehouse, job_id)


@router.get("/{job_id}/events", response_class=EventSourceResponse, responses={**answers(404), **DESCRIPTION}, dependencies=[Depends(_existing)])
async def events(job_id: Id, context: Context, _: Reader) -> AsyncIterator[ServerSentEvent]:
    """Follow a job as server-sent events: the job at once and after every change (event `job`, data as of `GET /v1/jobs/{id}`). Comments keep a
    quiet connection open. The stream ends when the job and all its stages have ended.

    `curl -N -u … localhost:8000/v1/jobs/{id}/events`
    """
    async for event in job_events(context.job_watcher, job_id):
        yield event


@router.get("/{job_id}/deliveries", responses=answers(404))
def deliveries(request: Request, job_id: Id, context: Context, _: Reader, cursor: Cursor = None, limit: Limit = 100) -> Deliveries:
    """Who was told that the job ended, and what they answered, newest first."""
    get_job(context.parts.warehouse, job_id)
    page, following = list_deliveries(context.parts.warehouse, ref=job_id, cursor=cursor, limit=limit)
    return Deliveries(items=[DeliveryAnswer.of(one) for one in page], next=next_link(request, following))


@router.post("/{job_id}/deliveries/{delivery_id}/redeliver", status_code=202, responses=answers(404))
def redelivery(job_id: Id, delivery_id: DeliveryId, context: Context, _: Writer) -> DeliveryAnswer:
    """Send word of the job once more."""
    return DeliveryAnswer.of(redeliver(context.parts, delivery_id, ref=job_id))
