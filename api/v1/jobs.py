"""GET /v1/jobs…: what became of what was sent."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from api.auth import SCHEMES, Reader
from api.container import Here
from api.parameters import Cursor, known, next_link
from api.problems import COMMON, answers
from api.schemas import Errors, JobAnswer, Jobs
from domain.job import JobStatus, JobType
from services.intake.jobs import get_job, list_errors, list_jobs

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[*SCHEMES, Depends(known)], responses=COMMON)
Id = Annotated[str, Path(description="the job's id", max_length=100)]
Status = Annotated[JobStatus | None, Query(description="only jobs of that status")]
Kind = Annotated[JobType | None, Query(alias="type", description="only jobs of that type")]
Limit = Annotated[int, Query(ge=1, le=1000, description="jobs a page has at most")]
ErrorLimit = Annotated[int, Query(alias="limit", ge=1, le=1000, description="records a page has at most")]


@router.get("")
def jobs(request: Request, here: Here, _: Reader, status: Status = None, kind: Kind = None, cursor: Cursor = None, limit: Limit = 20) -> Jobs:
    """List jobs, newest first."""
    page, following = list_jobs(here.parts.warehouse, status=status, kind=kind, cursor=cursor, limit=limit)
    return Jobs(items=[JobAnswer.of(job) for job in page], next=next_link(request, following))


@router.get("/{job_id}", responses=answers(404))
def job(job_id: Id, here: Here, _: Reader) -> JobAnswer:
    """How far a job has come: its stages, and what became of its records.

    `quarantined` records are listed, with their reasons, under `links.errors`; a job with some of them succeeds all the same.
    """
    return JobAnswer.of(get_job(here.parts.warehouse, job_id))


@router.get("/{job_id}/errors", responses=answers(404))
def errors(request: Request, job_id: Id, here: Here, _: Reader, cursor: Cursor = None, limit: ErrorLimit = 100) -> Errors:
    """The records of a job that were refused: where they stood, what is wrong with them, and how they begin."""
    page, following = list_errors(here.parts.warehouse, job_id, cursor=cursor, limit=limit)
    return Errors(items=list(page), next=next_link(request, following))
