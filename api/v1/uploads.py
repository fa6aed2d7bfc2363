"""POST /v1/uploads and /v1/seed: files in, jobs out."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.auth import Writer
from api.context import AppContext, Context
from api.openapi import answers
from api.requests.file_upload import receive_file
from api.requests.parameters import strict_router
from api.v1.job_responses import CHANGE, ChangeOptions, Options, accepted, accepted_all
from api.v1.schemas import JobAnswer, SeedJobs
from domain.document_files.process_links import GIVEN_OCID_PATTERN as OCID
from domain.raw_records.record import OCID_MAX_CHARACTERS
from domain.users.user import User
from services.uploads.submission import seed, submit

FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary", "description": "the file, with its name"}},
}
RAW = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": FORM},
            "application/octet-stream": RAW,
            "application/json": {"schema": {}},
        },
    }
}
router = strict_router("/v1", "uploads")
Name = Annotated[
    str | None,
    Query(
        max_length=1_000,
        description="the file's name, where the body is the file itself",
        examples=["releases-2024-01.jsonl"],
    ),
]
Ocid = Annotated[
    str | None,
    Query(
        max_length=OCID_MAX_CHARACTERS,
        pattern=OCID,
        description="the contracting process that the PDFs in it belong to",
        examples=["ocds-213czf-000-00001"],
    ),
]


@router.post(
    "/uploads",
    status_code=202,
    response_model=JobAnswer,
    responses={**CHANGE, **answers(408, 413, 507)},
    openapi_extra=BODY,
)
async def upload(
    request: Request, context: Context, user: Writer, options: Options, filename: Name = None, ocid: Ocid = None
) -> Response:
    """Send a file: OCDS JSON in any of its forms (release or record package, releases, arrays, JSON Lines; also
    gzipped), or PDF.

    The file is the field `file` of a multipart form, or the body itself with its name in `filename`. It is safe on disk
    when the answer comes; `Location` is the job, which succeeds once all of it is in gold and searchable.

    `curl -u admin:… -F file=@releases.json localhost:8000/v1/uploads`
    """
    return await store_upload(request, context, user, options, filename, ocid)


async def store_upload(
    request: Request,
    context: AppContext,
    user: User,
    options: ChangeOptions,
    filename: str | None,
    ocid: str | None,
    *,
    unnamed: str | None = None,
) -> Response:
    """Store the file of the request and submit it as a job; `unnamed` is the name of a file without one."""
    webhook, parts = options.job_webhook(context), context.parts
    received = await receive_file(request, parts.files, context.settings.max_upload_bytes)
    name = filename or received.filename
    job = await run_in_threadpool(
        submit,
        parts.warehouse,
        parts.messages,
        sha256=received.sha256,
        size=received.size,
        filename=name or unnamed,
        actor=user.name,
        ocid=ocid,
        idempotency=options.idempotency_key(user, f"{received.sha256} {name or ''}"),
        webhook=webhook,
    )
    return accepted(context, options, job)


@router.post("/seed", status_code=202, response_model=SeedJobs, responses={**CHANGE, **answers(404, 507)})
def seeds(context: Context, user: Writer, options: Options) -> Response:
    """Load the bundled seeds: generated data of several publishers to try things with.

    `Location` is the last file's job.
    """
    parts = context.parts
    jobs = seed(
        parts.warehouse,
        parts.messages,
        parts.files,
        context.seeds(),
        user.name,
        options.idempotency_key(user, ""),
        options.job_webhook(context),
    )
    return accepted_all(context, options, jobs)
