"""The response of every route that makes a job: 202 with the job, `Prefer: wait=N`, `Idempotency-Key`, `?webhook=`.

Such a route takes `options: Options` and declares `responses=CHANGE` and `response_model=JobAnswer`:

    @router.post("/things", status_code=202, response_model=JobAnswer, responses={**CHANGE, **answers(413)})
    def things(context: Context, user: Writer, options: Options) -> Response:
        job = submit(..., idempotency=options.idempotency_key(user, sha256), webhook=options.job_webhook(context))
        return accepted(context, options, job)

`idempotency_key` takes the hash of the body as received (the SHA-256 of a file; "" without a body). A service that
makes jobs returns the first job of a repeated key. The response waits on the event loop, so the route may be a plain
`def`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.context import AppContext, Context
from api.openapi import answers
from api.v1.schemas import JobAnswer, SeedJobs
from domain.jobs.job import Job, JobWebhook
from domain.shared.errors import InvalidError
from domain.users.user import User
from domain.webhooks.addresses import check_webhook_url
from services.jobs.idempotency import IdempotencyKey, check_key, make_idempotency_key
from services.webhooks.management import new_secret

RETRY_AFTER = "1"  # seconds
WAIT_MAX_SECONDS = 60  # seconds
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?\s*(?:$|[,;])", re.IGNORECASE)
SECRET_HEADER = "Webhook-Secret"  # noqa: S105  the header's name
SHORTEST_SECRET, LONGEST_SECRET = 16, 255
_TEXT = {"schema": {"type": "string"}}
_ENDED = {
    "Location": {"description": "the job", **_TEXT},
    "Preference-Applied": {"description": "`wait=N`, if the preference was applied", **_TEXT},
    SECRET_HEADER: {"description": "the secret that signs messages to `webhook`; shown only here", **_TEXT},
}
_RETRY_AFTER = {"description": "seconds after which to ask for the job", "schema": {"type": "integer"}}
_HEADERS = _ENDED | {"Retry-After": _RETRY_AFTER}
CHANGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The job has ended within the time that `Prefer: wait=N` allows", "headers": _ENDED},
    202: {"description": "Accepted: the job", "headers": _HEADERS},
    **answers(409),
}


@dataclass(frozen=True)
class ChangeOptions:
    """The options that any changing request may carry. `request` is its method and its path with parameters."""

    request: tuple[str, str]
    wait: int | None
    key: str | None
    webhook: str | None
    secret: str | None

    def idempotency_key(self, user: User, body: str) -> IdempotencyKey | None:
        """The idempotency key with the hash of this request and its body; None if the request has none."""
        return None if self.key is None else make_idempotency_key(user.name, self.key, *self.request, body)

    def job_webhook(self, context: AppContext) -> JobWebhook | None:
        """The webhook to notify when the job has ended. InvalidError if the URL is not allowed."""
        if self.webhook is None:
            return None
        url = check_webhook_url(self.webhook, private=context.settings.webhook_private)
        return JobWebhook(url=url, secret=context.parts.seals.encrypt(self.secret or new_secret()))


def change_options(
    request: Request,
    context: Context,
    prefer: Annotated[
        str | None,
        Header(description=f"`wait=N`: answer once the job has ended or after N seconds (at most {WAIT_MAX_SECONDS})"),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Header(description="a key of the client: the same request with the same key answers with its first job"),
    ] = None,
    webhook: Annotated[
        str | None,
        Query(description="a URL that is notified when the job has ended", examples=["https://example.org/jobs"]),
    ] = None,
    webhook_secret: Annotated[
        str | None,
        Header(description="secret that signs the message to `webhook`; default: generated, returned in the answer"),
    ] = None,
) -> ChangeOptions:
    """Read the options from headers and query parameters. InvalidError for a bad secret or key, TooManyRequestsError
    if too many jobs are unfinished."""
    if webhook_secret is not None and (
        webhook is None
        or not SHORTEST_SECRET <= len(webhook_secret) <= LONGEST_SECRET
        or not webhook_secret.isprintable()
    ):
        raise InvalidError(
            f"{SECRET_HEADER} comes with the parameter webhook, and is {SHORTEST_SECRET} to {LONGEST_SECRET} printable "
            "characters"
        )
    if idempotency_key is not None:
        check_key(idempotency_key)  # before the body is read, which may be gigabytes
    context.open_jobs.admit()
    path = f"{request.url.path}?{request.url.query}"
    found = WAIT.search(prefer or "")
    wait = min(int(found[1]), WAIT_MAX_SECONDS) if found else None
    return ChangeOptions((request.method, path), wait, idempotency_key, webhook, webhook_secret)


Options = Annotated[ChangeOptions, Depends(change_options)]


def accepted(context: AppContext, options: ChangeOptions, job: Job) -> Response:
    """202 with the job, or 200 if the client waits (`Prefer: wait=N`) and the job ends in time."""
    return _Accepted(context, options, [job], lambda jobs: JobAnswer.of(jobs[0]).model_dump_json())


def accepted_all(context: AppContext, options: ChangeOptions, jobs: Sequence[Job]) -> Response:
    """Like `accepted`, for several jobs; `Location` is the last of them."""
    return _Accepted(
        context, options, jobs, lambda found: SeedJobs(items=[JobAnswer.of(job) for job in found]).model_dump_json()
    )


class _Accepted(Response):
    """Waits for its jobs when it is sent, on the event loop: no thread is blocked."""

    media_type = "application/json"

    def __init__(self, context: AppContext, options: ChangeOptions, jobs: Sequence[Job], render: Any) -> None:
        super().__init__(status_code=202)
        self.context, self.options, self.jobs, self.render_jobs = context, options, list(jobs), render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Location": f"/v1/jobs/{self.jobs[-1].id}"}
        hook = self.jobs[-1].webhook
        if hook and self.options.webhook:
            headers[SECRET_HEADER] = self.context.parts.seals.decrypt(hook.secret)
        if self.options.wait is not None:
            headers["Preference-Applied"] = f"wait={self.options.wait}"
            self.jobs = await self.context.job_watcher.ended(self.jobs, self.options.wait)
        done = self.options.wait is not None and all(job.status.final for job in self.jobs)
        if not done:
            headers["Retry-After"] = RETRY_AFTER
        response = Response(self.render_jobs(self.jobs), 200 if done else 202, headers, "application/json")
        await response(scope, receive, send)
