"""The answer to every change, 202 with its job, in one place; with it `Prefer: wait=N`, `Idempotency-Key` and `?webhook=`.

A route that makes jobs takes `asked: Asked` and says `responses=CHANGE` and `response_model=JobAnswer`:

    @router.post("/things", status_code=202, response_model=JobAnswer, responses={**CHANGE, **answers(413)})
    def things(here: Here, user: Writer, asked: Asked) -> Response:
        job = submit(..., once=asked.once(user, sha256), webhook=asked.hook(here))
        return accepted(here, asked, job)

`asked.once` wants the hash of the body as it came (for a file, its sha256; "" where there is none). `submit` and `accept` answer with the
first job where the key was used before. The answer itself waits, on the event loop, so the route may be a plain `def`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.context import AppContext
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
    "Preference-Applied": {"description": "`wait=N`, where the answer was waited for", **_TEXT},
    SECRET_HEADER: {"description": "the secret that signs what is sent to `webhook`, shown here alone", **_TEXT},
}
_HEADERS = _ENDED | {"Retry-After": {"description": "seconds after which to ask for the job", "schema": {"type": "integer"}}}
CHANGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The job has ended, within the time that `Prefer: wait=N` gave it", "headers": _ENDED},
    202: {"description": "Accepted: the job", "headers": _HEADERS},
    **answers(409),
}


@dataclass(frozen=True)
class ChangeOptions:
    """What a request that changes something asks for beside the change. `request` is its method and path with parameters."""

    request: tuple[str, str]
    wait: int | None
    key: str | None
    webhook: str | None
    secret: str | None

    def idempotency_key(self, user: User, body: str) -> IdempotencyKey | None:
        """What the Idempotency-Key makes of the request, given the hash of its body; None without one."""
        return None if self.key is None else make_idempotency_key(user.name, self.key, *self.request, body)

    def job_webhook(self, context: AppContext) -> JobWebhook | None:
        """Where to send word when the job ended. InvalidError for an address that can't be."""
        if self.webhook is None:
            return None
        url = check_webhook_url(self.webhook, private=context.settings.webhook_private)
        return JobWebhook(url=url, secret=context.parts.seals.encrypt(self.secret or new_secret()))


def change_options(
    request: Request,
    prefer: Annotated[str | None, Header(description=f"`wait=N`: answer when the job has ended, or after N seconds (at most {WAIT_MAX_SECONDS})")] = None,
    idempotency_key: Annotated[str | None, Header(description="a key of your own: the same request with the same key answers with its first job")] = None,
    webhook: Annotated[str | None, Query(description="a URL that is told when the job has ended", examples=["https://example.org/jobs"])] = None,
    webhook_secret: Annotated[str | None, Header(description="what signs the word to `webhook`; made up, and told in the answer, where it is left out")] = None,
) -> ChangeOptions:
    """The wishes that headers and parameters name."""
    if webhook_secret is not None and (webhook is None or not SHORTEST_SECRET <= len(webhook_secret) <= LONGEST_SECRET or not webhook_secret.isprintable()):
        raise InvalidError(f"{SECRET_HEADER} comes with the parameter webhook, and is {SHORTEST_SECRET} to {LONGEST_SECRET} printable characters")
    if idempotency_key is not None:
        check_key(idempotency_key)  # now, not once a body of gigabytes is stored
    path = f"{request.url.path}?{request.url.query}"
    found = WAIT.search(prefer or "")
    wait = min(int(found[1]), WAIT_MAX_SECONDS) if found else None
    return ChangeOptions((request.method, path), wait, idempotency_key, webhook, webhook_secret)


Options = Annotated[ChangeOptions, Depends(change_options)]


def accepted(context: AppContext, options: ChangeOptions, job: Job) -> Response:
    """The answer: 202 with the job; or, where the caller wanted to wait and the job ended in time, 200 with it."""
    return _Accepted(context, options, [job], lambda jobs: JobAnswer.of(jobs[0]).model_dump_json())


def accepted_all(context: AppContext, options: ChangeOptions, jobs: Sequence[Job]) -> Response:
    """As `accepted`, for several jobs; `Location` is the last one."""
    return _Accepted(context, options, jobs, lambda found: SeedJobs(items=[JobAnswer.of(job) for job in found]).model_dump_json())


class _Accepted(Response):
    """Looks at the jobs when it is sent: it then waits for them without holding a thread."""

    media_type = "application/json"

    def __init__(self, context: AppContext, options: ChangeOptions, jobs: Sequence[Job], render: Any) -> None:
        super().__init__(status_code=202)
        self.here, self.asked, self.jobs, self.rendering = context, options, list(jobs), render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Location": f"/v1/jobs/{self.jobs[-1].id}"}
        hook = self.jobs[-1].webhook
        if hook and self.asked.webhook:
            headers[SECRET_HEADER] = self.here.parts.seals.decrypt(hook.secret)
        if self.asked.wait is not None:
            headers["Preference-Applied"] = f"wait={self.asked.wait}"
            self.jobs = await self.here.job_watcher.ended(self.jobs, self.asked.wait)
        done = self.asked.wait is not None and all(job.status.final for job in self.jobs)
        if not done:
            headers["Retry-After"] = RETRY_AFTER
        await Response(self.rendering(self.jobs), 200 if done else 202, headers, "application/json")(scope, receive, send)
