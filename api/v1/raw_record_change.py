"""What the routes that change raw records have in common: who asks, for which kind, with which options."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth import Writer
from api.context import Context
from api.v1.job_responses import Options, accepted
from api.v1.raw_record_bodies import fingerprint, parse, read_body
from domain.jobs.job import Job
from domain.raw_records.operations import Op, Operation, Operations
from domain.raw_records.record import Kind
from domain.shared.errors import ForbiddenError
from domain.users.user import Role
from services.raw_records.changes import prepare_single_operation, submit_operations

KindName = Annotated[Kind, Path(description="the kind of records")]


class RawRecordChange:
    """A request that changes raw records of one kind."""

    def __init__(self, request: Request, kind: KindName, context: Context, user: Writer, options: Options) -> None:
        self.request = request
        self.kind = kind
        self.context = context
        self.user = user
        self.options = options
        self.body = b""

    async def read(self, types: Sequence[str], *, optional: bool = False) -> Any:
        """The JSON body; None for an `optional` one that is empty. Errors as of `read_body` and `parse`."""
        self.body = await read_body(self.request, types, self.context.settings.max_record_bytes)
        return parse(self.body) if self.body or not optional else None

    def deletion(self, purge: bool) -> Op:
        """Delete or purge. ForbiddenError for a purge without the role admin."""
        if purge and not self.user.role.reaches(Role.ADMIN):
            raise ForbiddenError(f"purge needs the role {Role.ADMIN}; {self.user.name} is a {self.user.role}")
        return Op.PURGE if purge else Op.DELETE

    async def submit(
        self,
        operations: list[Operation],
        *,
        atomic: bool = False,
        single: bool = False,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Response:
        """Submit the operations as a job. A `single` one is checked, with its preconditions, before that."""
        parts, method = self.context.parts, self.options.request[0].lower()

        def job() -> Job:
            key = self.options.idempotency_key(self.user, fingerprint(self.body))
            webhook = self.options.job_webhook(self.context)
            items = (
                [prepare_single_operation(parts.warehouse, operations[0], if_match, if_none_match, key)]
                if single
                else operations
            )
            return submit_operations(
                parts.warehouse,
                parts.messages,
                parts.files,
                Operations(atomic=atomic, items=items),
                actor=self.user.name,
                filename=f"{method}-{items[0].kind if items else 'nothing'}.jsonl",
                idempotency=key,
                webhook=webhook,
            )

        return accepted(self.context, self.options, await run_in_threadpool(job))


Change = Annotated[RawRecordChange, Depends()]
