"""Jobs as their callers see them: one, a list, its refused records, and what changed since somebody last looked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from domain.errors import InvalidError, NotFoundError
from domain.job import Job, JobFilter, Quarantined
from services.intake.stages import Glance, glance_at, marks_of, with_stages
from services.ports import Warehouse, Work
from services.queries.cursor import decode, encode

MANY = 1_000  # refused records read at a time


def get_job(warehouse: Warehouse, job_id: str) -> Job:
    """The job with its stages. NotFoundError where there is none of that id."""
    with warehouse.read() as work:
        return with_stages(work, known_job(work, job_id), marks_of(work))


def known_job(work: Work, job_id: str) -> Job:
    """The job, without its stages' times. NotFoundError where there is none of that id."""
    job: Job | None = work.jobs.get(job_id)
    if job is None:
        raise NotFoundError(f"there is no job {job_id}")
    return job


def glance(warehouse: Warehouse, job_ids: Sequence[str], seen: Mapping[str, Glance]) -> dict[str, tuple[Job, Glance]]:
    """Those of the jobs that look different from what was seen of them, with what is to be seen now: a few statements, however many the jobs."""
    with warehouse.read() as work:
        marks = marks_of(work)
        found = {job.id: (job, glance_at(job, marks)) for job in work.jobs.some(job_ids)}
        changed = {job_id: pair for job_id, pair in found.items() if pair[1] != seen.get(job_id)}
        return {job_id: (with_stages(work, job, marks), look) for job_id, (job, look) in changed.items()}


def list_jobs(warehouse: Warehouse, asked: JobFilter, cursor: str | None = None, limit: int = 20) -> tuple[Sequence[Job], str | None]:
    """A page of jobs, newest first, and the cursor of the next one."""
    with warehouse.read() as work:
        jobs: list[Job] = work.jobs.page(asked, _before(cursor), limit + 1)
        marks = marks_of(work)
        page = [with_stages(work, job, marks) for job in jobs[:limit]]
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
        known_job(work, job_id)
        page, following = work.quarantine.page(job_id, after, limit)
    return page, encode([following]) if following is not None else None


def all_errors(warehouse: Warehouse, job_id: str) -> Iterator[Sequence[Quarantined]]:
    """All refused records of the job in order of arrival, a page at a time."""
    cursor: str | None = None
    while True:
        page, cursor = list_errors(warehouse, job_id, cursor=cursor, limit=MANY)
        yield page
        if cursor is None:
            return


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
