"""GET /v1/jobs/{id}/outcomes and /v1/audit: the outcome of each operation of a request, and the trail of erasures."""

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field

from api.auth import Admin, Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import Cursor, next_link, strict_router
from api.v1.raw_record_schemas import AuditTrail, Outcomes
from api.v1.schemas import JobId, ListPage
from domain.raw_records.audit import AuditFilter
from domain.raw_records.operations import Result
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS, Kind
from domain.users.security_event import SecurityAction, SecurityEvent
from services.raw_records.queries import list_audit, list_outcomes
from services.users.security_log import list_events

router = strict_router("/v1")
Limit = Annotated[int, Query(ge=1, le=1000, description="largest number of entries in a page")]
Which = Annotated[Result | None, Query(description="only operations with this outcome")]


class AuditQuery(BaseModel):
    """Query parameters of the audit trail."""

    kind: Kind | None = Field(None, description="only records of this kind")
    id: str | None = Field(None, description="only this record", max_length=RECORD_ID_MAX_CHARACTERS)
    actor: str | None = Field(None, description="only erasures that this user requested", max_length=100)
    job: str | None = Field(None, description="only erasures of this job", max_length=100)
    cursor: Cursor = None
    limit: int = Field(100, ge=1, le=1000, description="largest number of entries in a page")


@router.get("/jobs/{job_id}/outcomes", tags=["jobs"], responses=answers(404))
def outcomes(
    request: Request,
    job_id: JobId,
    context: Context,
    _: Reader,
    outcome: Which = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Outcomes:
    """List the outcome of each operation of a request on raw records, in request order; empty before landing."""
    page, following = list_outcomes(context.parts.warehouse, job_id, outcome, cursor, limit)
    return Outcomes(items=page, next=next_link(request, following))


class SecurityLog(ListPage[SecurityEvent]):
    """A page of the security log, newest first."""


@router.get("/audit/security", tags=["auth"])
def security_log(
    request: Request,
    context: Context,
    _: Admin,
    action: Annotated[SecurityAction | None, Query(description="only events of this kind")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> SecurityLog:
    """List logins, failed logins and changes of credentials, with the client's address; equal ones of an hour in one.

    Needs the role admin.
    """
    page, following = list_events(context.parts.warehouse, action, cursor, limit)
    return SecurityLog(items=list(page), next=next_link(request, following))


@router.get("/audit", tags=["raw records"])
def audit(request: Request, context: Context, _: Admin, parameters: Annotated[AuditQuery, Query()]) -> AuditTrail:
    """List erasures (`?purge=true`): who requested them, when, and which batches and files held the records.

    Needs the role admin.
    """
    filters = AuditFilter(kind=parameters.kind, record_id=parameters.id, actor=parameters.actor, job_id=parameters.job)
    page, following = list_audit(context.parts.warehouse, filters, parameters.cursor, parameters.limit)
    return AuditTrail(items=list(page), next=next_link(request, following))
