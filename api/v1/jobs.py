"""/v1/jobs…: state, errors, events and deliveries of jobs; cancelling and retrying them."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.auth import Reader, Writer
from api.context import Context
from api.openapi import answers
from api.requests.parameters import Cursor, From, Until, next_link, strict_router
from api.responses.csv import CSV, as_csv, wants_csv
from api.v1.job_events import DESCRIPTION, job_events
from api.v1.job_responses import CHANGE, Options, accepted
from api.v1.schemas import Errors, JobAnswer, JobId, Jobs
from api.v1.webhook_schemas import Deliveries, DeliveryAnswer, DeliveryId, DeliveryLimit
from domain.jobs.job import JobFilter, JobStatus, JobType
from domain.raw_records.quarantine import Quarantined
from domain.shared.errors import InvalidError
from services.jobs.queries import all_errors, get_job, list_errors, list_jobs
from services.jobs.retry_and_cancel import cancel, retry
from services.webhooks.outbox import list_deliveries, redeliver

router = strict_router("/v1/jobs", "jobs")
ErrorLimit = Annotated[
    int | None,
    Query(alias="limit", ge=1, le=1000, description="largest number of records in a page (JSON only); default: 100"),
]
Format = Annotated[
    str | None,
    Query(alias="format", pattern="^(json|csv)$", description="`csv` or `json`; overrides the Accept header"),
]


class JobQuery(BaseModel):
    """Query parameters of the list of jobs."""

    status: JobStatus | None = Field(None, description="only jobs of that status")
    type: JobType | None = Field(None, description="only jobs of that type")
    filename: str | None = Field(None, description="only jobs whose file name begins with this", max_length=1_000)
    actor: str | None = Field(None, description="only jobs that this user submitted", max_length=100)
    created_from: From | None = Field(None, description="accepted on or after this date or instant")
    created_to: Until | None = Field(None, description="accepted on or before this date or instant")
    cursor: Cursor = None
    limit: int = Field(20, ge=1, le=1000, description="largest number of jobs in a page")


@router.get("")
def jobs(request: Request, context: Context, _: Reader, parameters: Annotated[JobQuery, Query()]) -> Jobs:
    """List jobs, newest first."""
    page, following = list_jobs(
        context.parts.warehouse,
        JobFilter(**parameters.model_dump(exclude={"cursor", "limit"})),
        parameters.cursor,
        parameters.limit,
    )
    return Jobs(items=[JobAnswer.of(job) for job in page], next=next_link(request, following))


@router.get("/{job_id}", responses=answers(404))
def job(job_id: JobId, context: Context, _: Reader) -> JobAnswer:
    """Get a job: its stages, and the counts of its records by result.

    `links.errors` lists the `quarantined` records with their reasons; a job with such records can still succeed.
    """
    return JobAnswer.of(get_job(context.parts.warehouse, job_id))


# The operation ids of these two are published; the functions can't have the names of the services that they call.
@router.delete("/{job_id}", responses=answers(404, 409), operation_id="stop_v1_jobs__job_id__delete")
def cancel_job(job_id: JobId, context: Context, user: Writer) -> JobAnswer:
    """Cancel a job that has not landed completely. Records that are landed already stay; `error.detail` counts them."""
    return JobAnswer.of(cancel(context.parts.warehouse, context.parts.messages, job_id, user.name))


@router.post(
    "/{job_id}/retry",
    status_code=202,
    response_model=JobAnswer,
    responses={**CHANGE, **answers(404, 410)},
    operation_id="again_v1_jobs__job_id__retry_post",
)
def retry_job(job_id: JobId, context: Context, user: Writer, options: Options) -> Response:
    """Land the file of a job again, as a new job whose `retry_of` names the old one.

    The old job must have failed, been cancelled or have records in quarantine.
    """
    return accepted(
        context,
        options,
        retry(
            context.parts.warehouse,
            context.parts.messages,
            context.parts.files,
            job_id,
            user.name,
            options.idempotency_key(user, ""),
            options.job_webhook(context),
        ),
    )


@router.get("/{job_id}/errors", response_model=Errors, responses={**answers(404, 410), **CSV})
def errors(
    request: Request,
    job_id: JobId,
    context: Context,
    _: Reader,
    cursor: Cursor = None,
    limit: ErrorLimit = None,
    form: Format = None,
) -> Errors | StreamingResponse:
    """List the refused records of a job: their place, the reason and the beginning of their content.

    CSV (`Accept: text/csv` or `?format=csv`) holds all of them, without pages.
    """
    if wants_csv(request, form):
        if cursor is not None or limit is not None:
            raise InvalidError("CSV holds all errors without pages; leave out cursor and limit")
        get_job(context.parts.warehouse, job_id)
        return as_csv(
            list(Quarantined.model_fields), all_errors(context.parts.warehouse, job_id), f"{job_id}-errors.csv"
        )
    page, following = list_errors(context.parts.warehouse, job_id, cursor=cursor, limit=limit or 100)
    return Errors(items=list(page), next=next_link(request, following))


def _existing(job_id: JobId, context: Context, _: Reader) -> None:
    get_job(context.parts.warehouse, job_id)


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    responses={**answers(404), **DESCRIPTION},
    dependencies=[Depends(_existing)],
)
async def events(job_id: JobId, context: Context, _: Reader) -> AsyncIterator[ServerSentEvent]:
    """Follow a job as server-sent events: the job at once and after every change (event `job`, data as of `GET
    /v1/jobs/{id}`). Comments keep a quiet connection open. The stream ends when the job and all its stages have ended.

    `curl -N -u … localhost:8000/v1/jobs/{id}/events`
    """
    async for event in job_events(context.job_watcher, job_id):
        yield event


@router.get("/{job_id}/deliveries", responses=answers(404))
def deliveries(
    request: Request, job_id: JobId, context: Context, _: Reader, cursor: Cursor = None, limit: DeliveryLimit = 100
) -> Deliveries:
    """List the deliveries about the end of a job, with the responses of the receivers, newest first."""
    get_job(context.parts.warehouse, job_id)
    page, following = list_deliveries(context.parts.warehouse, ref=job_id, cursor=cursor, limit=limit)
    return Deliveries(items=[DeliveryAnswer.of(one) for one in page], next=next_link(request, following))


@router.post("/{job_id}/deliveries/{delivery_id}/redeliver", status_code=202, responses=answers(404))
def redelivery(job_id: JobId, delivery_id: DeliveryId, context: Context, _: Writer) -> DeliveryAnswer:
    """Deliver a message about a job again."""
    return DeliveryAnswer.of(redeliver(context.parts.warehouse, context.parts.messages, delivery_id, ref=job_id))
