"""Queries of jobs: one, a list, refused records, and changes since the caller's last poll."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from domain.jobs.job import Job, JobFilter
from domain.raw_records.quarantine import Quarantined
from domain.shared.errors import GoneError, NotFoundError
from services.jobs.stage_status import JobFingerprint, job_fingerprint, stage_watermarks, with_stages
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.shared.pages import Page, cut_page, decode_cursor, decode_number, encode_cursor, wrong_list

ERRORS_PAGE_ROWS = 1_000  # refused records per page


def get_job(warehouse: Warehouse, job_id: str) -> Job:
    """Return the job with its stages. NotFoundError for an unknown id."""
    with warehouse.read() as work:
        return with_stages(work, require_job(work, job_id), stage_watermarks(work))


def require_job(work: ReadUnitOfWork, job_id: str) -> Job:
    """Return the job without its stages. NotFoundError for an unknown id."""
    job = work.jobs.get(job_id)
    if job is None:
        raise NotFoundError(f"there is no job {job_id}")
    return job


def poll_changes(
    warehouse: Warehouse, job_ids: Sequence[str], seen: Mapping[str, JobFingerprint]
) -> dict[str, tuple[Job, JobFingerprint]]:
    """Return the jobs whose fingerprint differs from `seen`, with the new fingerprint.

    It takes a few statements, whatever the number of jobs.
    """
    with warehouse.read() as work:
        watermarks = stage_watermarks(work)
        found = {job.id: (job, job_fingerprint(job, watermarks)) for job in work.jobs.get_many(job_ids)}
        changed = {job_id: pair for job_id, pair in found.items() if pair[1] != seen.get(job_id)}
        jobs = {
            job_id: (with_stages(work, job, watermarks), fingerprint) for job_id, (job, fingerprint) in changed.items()
        }
    return jobs


def list_jobs(warehouse: Warehouse, filters: JobFilter, cursor: str | None = None, limit: int = 20) -> Page[Job]:
    """Return a page of jobs, newest first."""
    with warehouse.read() as work:
        jobs = work.jobs.page(filters, _position(cursor), limit + 1)
        page = cut_page(jobs, limit, lambda job: [job.created_at.isoformat(), job.id])
        watermarks = stage_watermarks(work)
        return page._replace(items=[with_stages(work, job, watermarks) for job in page.items])


def list_errors(warehouse: Warehouse, job_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Quarantined]:
    """Return a page of the job's refused records in order of arrival. GoneError if they were deleted."""
    after = decode_number(cursor) or 0
    with warehouse.read() as work:
        job = require_job(work, job_id)
        page, following = work.quarantine.page(job_id, after, limit)
    if job.counts.quarantined and job.status.final and not page and not after:
        raise GoneError(
            f"the {job.counts.quarantined} refused records of this job were deleted some time after its end "
            "(TENDERLAKE_KEEP_DETAILS_DAYS)"
        )
    return Page(page, encode_cursor([following]) if following is not None else None)


def all_errors(warehouse: Warehouse, job_id: str) -> Iterator[Sequence[Quarantined]]:
    """All refused records of the job in order of arrival, in pages. Errors as of `list_errors`, before the first."""
    first = list_errors(warehouse, job_id, limit=ERRORS_PAGE_ROWS)

    def pages() -> Iterator[Sequence[Quarantined]]:
        page, cursor = first
        yield page
        while cursor is not None:
            page, cursor = list_errors(warehouse, job_id, cursor=cursor, limit=ERRORS_PAGE_ROWS)
            yield page

    return pages()


def _position(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        at, last = decode_cursor(cursor)
        before = datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        wrong_list(cursor)
    return (before, last) if isinstance(last, str) else wrong_list(cursor)
