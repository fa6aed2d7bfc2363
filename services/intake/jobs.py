"""Jobs as their callers see them: the stages of a job follow from its place in the log and the watermarks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.errors import InvalidError, NotFoundError
from domain.job import STAGES, Job, JobStatus, JobType, Quarantined, Stage, StageName, Watermark
from services.ports import Warehouse, Work
from services.queries.cursor import decode, encode

BEHIND: tuple[StageName, ...] = ("refine", "publish", "index")


def get_job(warehouse: Warehouse, job_id: str) -> Job:
    """The job with its stages. NotFoundError where there is none of that id."""
    with warehouse.read() as work:
        return _with_stages(work, _known(work, job_id), _marks(work))


def list_jobs(
    warehouse: Warehouse, *, status: JobStatus | None = None, kind: JobType | None = None, cursor: str | None = None, limit: int = 20
) -> tuple[Sequence[Job], str | None]:
    """A page of jobs, newest first, and the cursor of the next one."""
    with warehouse.read() as work:
        jobs: list[Job] = work.jobs.page(status=status, type_=kind, before=_before(cursor), limit=limit + 1)
        marks = _marks(work)
        page = [_with_stages(work, job, marks) for job in jobs[:limit]]
    last = page[-1] if len(jobs) > limit else None
    return page, encode([last.created_at.isoformat(), last.id]) if last else None


def list_errors(warehouse: Warehouse, job_id: str, *, cursor: str | None = None, limit: int = 100) -> tuple[Sequence[Quarantined], str | None]:
    """A page of the job's refused records in order of arrival, and the cursor of the next one."""
    after = 0
    if cursor is not None:
        match decode(cursor):
            case [int(after)] if 0 <= after < 2**63:
                pass
            case _:
                raise InvalidError("the cursor is not one of this list", cursor=cursor)
    with warehouse.read() as work:
        _known(work, job_id)
        page, following = work.quarantine.page(job_id, after, limit)
    return page, encode([following]) if following is not None else None


def _known(work: Work, job_id: str) -> Job:
    job: Job | None = work.jobs.get(job_id)
    if job is None:
        raise NotFoundError(f"there is no job {job_id}")
    return job


def _before(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        at, last = decode(cursor)
        before = datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidError("the cursor is not one of this list", cursor=cursor) from error
    if not isinstance(last, str):
        raise InvalidError("the cursor is not one of this list", cursor=cursor)
    return before, last


def _marks(work: Work) -> dict[str, Watermark]:
    return {stage: work.watermarks.get(stage) for stage in BEHIND}


def _with_stages(work: Work, job: Job, marks: Mapping[str, Watermark]) -> Job:
    stages = [_land(job), *(_behind(work, job, marks[stage], stage) for stage in BEHIND)]
    if job.status is JobStatus.FAILED:
        stages = _stopped(stages, job.error or {})
    return job.model_copy(update={"stages": stages})


def _land(job: Job) -> Stage:
    status: Any = "done" if job.landed else "running" if job.started_at else "pending"
    return Stage(name="land", status=status, started_at=job.started_at, finished_at=job.landed_at)


def _behind(work: Work, job: Job, mark: Watermark, name: StageName) -> Stage:
    """A stage that reads the log: done once it passed the job's last batch, begun once it ran over the first."""
    if job.first_seq is None or job.last_seq is None:
        # Nothing new was in it: there is nothing left for the stage to do, and it never ran for this job.
        return Stage(name=name, status="done" if job.status is JobStatus.SUCCEEDED else "pending")
    first = work.watermarks.first_run_past(name, job.first_seq)
    under_way = mark.attempts > 0 and mark.seq < job.last_seq
    started = first[0] if first else mark.started_at if under_way else None
    if job.landed and mark.seq >= job.last_seq:
        last = work.watermarks.first_run_past(name, job.last_seq)
        return Stage(name=name, status="done", started_at=started, finished_at=last[1] if last else None)
    return Stage(name=name, status="running" if first or under_way else "pending", started_at=started)


def _stopped(stages: Sequence[Stage], error: Mapping[str, Any]) -> list[Stage]:
    """The stages of a failed job: the one that the error names failed, and those behind it never come to run for it."""
    at = STAGES.index(error["stage"]) if error.get("stage") in STAGES else 0
    before = list(stages[:at])
    failed = stages[at].model_copy(update={"status": "failed"})
    return [*before, failed, *(Stage(name=stage.name) for stage in stages[at + 1 :])]
