"""GET /v1/jobs/{id}/outcomes and /v1/audit: what became of the elements of a request, and what was erased for good."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from api.auth import SCHEMES, Admin, Reader
from api.context import Context
from api.openapi import COMMON, answers
from api.requests.parameters import Cursor, next_link, reject_unknown_parameters
from api.v1.raw_record_schemas import AuditTrail, Outcomes
from domain.raw_records.audit import AuditFilter
from domain.raw_records.operations import Result
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS, Kind
from services.raw_records.queries import list_audit, list_outcomes

router = APIRouter(prefix="/v1", dependencies=[*SCHEMES, Depends(reject_unknown_parameters)], responses=COMMON)
Id = Annotated[str, Path(description="the job's id", max_length=100)]
Limit = Annotated[int, Query(ge=1, le=1000, description="entries a page has at most")]
Which = Annotated[Result | None, Query(description="only elements of which this became")]


class AuditQuery(BaseModel):
    """The parameters of the audit trail."""

    kind: Kind | None = Field(None, description="only records of this kind")
    id: str | None = Field(None, description="only this record", max_length=RECORD_ID_MAX_CHARACTERS)
    actor: str | None = Field(None, description="only what this user had erased", max_length=100)
    job: str | None = Field(None, description="only what this job erased", max_length=100)
    cursor: Cursor = None
    limit: int = Field(100, ge=1, le=1000, description="entries a page has at most")


@router.get("/jobs/{job_id}/outcomes", tags=["jobs"], responses=answers(404))
def outcomes(request: Request, job_id: Id, context: Context, _: Reader, outcome: Which = None, cursor: Cursor = None, limit: Limit = 100) -> Outcomes:
    """What became of each element of a request that changed raw records, in the order of the request; empty until the job is landed."""
    page, following = list_outcomes(context.parts.warehouse, job_id, outcome, cursor, limit)
    return Outcomes(items=page, next=next_link(request, following))


@router.get("/audit", tags=["raw records"])
def audit(request: Request, context: Context, _: Admin, asked: Annotated[AuditQuery, Query()]) -> AuditTrail:
    """The audit trail: who had which records erased for good (`?purge=true`), when, and which batches and files held them. Needs the role admin."""
    filters = AuditFilter(kind=asked.kind, record_id=asked.id, actor=asked.actor, job_id=asked.job)
    page, following = list_audit(context.parts.warehouse, filters, asked.cursor, asked.limit)
    return AuditTrail(items=list(page), next=next_link(request, following))
