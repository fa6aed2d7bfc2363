"""The erase stage: removes purged records from every store, once gold and search have processed the purge.

Landing has written the tombstone and the audit entry in one transaction. This stage removes the record's versions from
bronze, its older rows from silver, its stored files, its refused elements, and deleted rows that databases still hold.
It is idempotent: what to erase is saved in the audit entry before anything is removed, so a killed run is repeated.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl
from loguru import logger

from domain.jobs.job import JobError, JobStatus
from domain.lake.silver import TABLES, TABLES_BY_KIND
from domain.pipeline.watermark import Watermark
from domain.raw_records.audit import Audit
from domain.raw_records.operations import line_of
from domain.raw_records.record import Kind
from services.exports.orders import delete_exports
from services.pipeline.erasing.file_scan import find_files_with
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.saved_searches.alert_erasure import update_alerts_after_purge
from services.search.rebuild import rebuild_search
from services.shared.clock import now

STAGE = "erase"
COLUMNS = ["batch", "version", "op", "record_id", "sha256", "file", "payload"]


def _due(work: ReadUnitOfWork) -> list[Audit]:
    """Pending purges that index has passed."""
    return work.audit.due(work.watermarks.get("index").seq)


def _run(parts: Parts, mark: Watermark) -> bool:
    """Erase due purges and finish their jobs; returns whether more can be erased at once. Also compacts tables with
    many small files.
    """
    with parts.warehouse.write() as work:
        indexed = work.watermarks.get("index")
        due = _without_set_aside(work, _due(work))
        work.commit()
    taken = due[:1] if takes_single_batch(mark) else due
    done = [one for one in taken if _erase(parts, one, indexed)]
    if done:
        _finish(parts, done, indexed)
    parts.lake.compact()  # here, so that it never runs concurrently with erasure
    with parts.warehouse.write() as work:
        work.watermarks.restart(mark, now(), attempts=0)
        work.commit()
    return bool(done) and len(taken) < len(due)


def _without_set_aside(work: WriteUnitOfWork, due: Sequence[Audit]) -> list[Audit]:
    """Fail the purges whose batch an earlier stage has set aside, which restored the record; returns the others."""
    jobs = {job.id: job for job in work.jobs.get_many(sorted({one.job_id for one in due}))}
    failed = {
        job.id: f"its job failed: {job.error.detail if job.error else 'without a reason'}"
        for job in jobs.values()
        if job.status is JobStatus.FAILED and (job.error is None or job.error.stage != STAGE)
    }
    for one in due:
        if one.job_id in failed:
            work.audit.finish(one.id, "failed", now(), failed[one.job_id])
    return [one for one in due if one.job_id not in failed]


def _give_up(parts: Parts, mark: Watermark, reason: str) -> None:
    """Fail the first due purge and its job with the reason. A repeated purge of the record is another attempt."""
    with parts.warehouse.write() as work:
        for one in _due(work)[:1]:
            work.audit.finish(one.id, "failed", now(), reason)
            title = f"{one.record_id} is deleted, but could not be erased; purge it again"
            work.jobs.fail(one.job_id, JobError(title=title, detail=reason, stage=STAGE), now())
            logger.error("{} of {} could not be erased: {}", one.record_id, one.kind, reason)
        work.watermarks.restart(mark, now(), attempts=0)
        work.commit()


erase = SingleFlightStage(
    name=STAGE,
    due=lambda _, work: bool(_due(work)),
    run=_run,
    give_up=_give_up,
    upkeep_due=lambda parts: parts.lake.needs_compaction(),
    time_limit_seconds=4 * 3_600,
)


def _finish(parts: Parts, done: Sequence[Audit], mark: Watermark) -> None:
    kinds = sorted({one.kind for one in done})
    if not parts.lake.vacuum_erased(kinds, sorted({table for kind in kinds for table in _tables(kind)})):
        logger.info("interrupted writes may hold data to erase; the sweep repeats the erasure")
        return
    rebuild_search(parts)  # index files keep deleted documents for a while
    update_alerts_after_purge(parts.warehouse, parts.search, done)
    with parts.warehouse.write() as work:
        work.erasure.forget_organizations(mark.silver_batch)
        work.erasure.forget_errors()
        work.commit()
    with parts.warehouse.read() as work:
        exported = work.exports.ids()
    delete_exports(parts.warehouse, parts.exports, exported)  # also those under way, which then fail
    parts.warehouse.vacuum()
    with parts.warehouse.write() as work:
        for one in done:
            work.audit.finish(one.id, "done", now())
            logger.info("{} erased {} of {} irrecoverably", one.actor, one.record_id, one.kind)
        work.jobs.finish_due(mark.seq, now())
        work.commit()


def _erase(parts: Parts, one: Audit, mark: Watermark) -> bool:
    """Remove the record from lake, files and ledger; False if a job still reads its files: then it is retried."""
    found = one.erased or _find(parts, one)
    with parts.warehouse.write() as work:
        work.audit.save_erased(one.id, found)
        reading = work.raw_job_order.is_read(found["files"])
        work.commit()
    if reading:
        return False
    uncommitted = found.get("uncommitted", found["batches"])  # an older version of this code did not say which
    parts.lake.erase_bronze(one.kind, one.record_id, found["batches"], one.version, uncommitted)
    _erase_silver(parts, one, mark)
    for sha256 in found["files"]:
        parts.files.remove(sha256)
        parts.sources.remove_copies(sha256)
    with parts.warehouse.write() as work:
        work.record_versions.forget_versions(one.kind, one.record_id, one.version)
        work.outcomes.blank(one.kind, one.record_id, one.job_id)
        work.erasure.blank_quarantine(found["quarantine"])
        work.erasure.forget_members(found.get("members", ()))
        work.erasure.blank_jobs(found["jobs"])
        work.erasure.forget_names(found["files"])
        work.audit.blank_reasons(one.kind, one.record_id)
        work.commit()
    return True


def _find(parts: Parts, one: Audit) -> dict[str, Any]:
    """The batches, versions, files and refused elements that hold the record as it was before the purge.

    A batch may hold newer versions too: the operations of one request land together.
    """
    with parts.warehouse.read() as work:
        counts = work.record_versions.closed_batches()
        places = work.outcomes.places(one.kind, one.record_id, one.job_id)
        jobs = sorted({job_id for job_id, _ in places})
        lines = [(job_id, line_of(position)) for job_id, position in places]
        quarantined = work.quarantine.refused_about(one.ocid if one.kind is Kind.RELEASES else None, lines)
        requests = [
            job
            for job in work.jobs.get_many(sorted({*jobs, *(job_id for _, job_id in quarantined)}))
            if job.type == "raw"
        ]
    rows = parts.lake.read_bronze(one.kind, sorted(counts), COLUMNS, record_ids=[one.record_id])
    uncommitted = [batch for batch, committed in counts.items() if not committed]
    held = rows.filter((pl.col("version") < one.version) | pl.col("batch").is_in(uncommitted))
    files = (
        {job.sha256 for job in requests if job.sha256} | set(held["sha256"].drop_nulls()) | _described(one.kind, held)
    )
    files |= find_files_with(parts, one, files)
    with parts.warehouse.read() as work:
        reading = work.erasure.jobs_of(sorted(files))
        unidentified = work.erasure.unidentified(reading)
        names = sorted(set(held["file"].drop_nulls())) if one.kind is Kind.DOCUMENTS else []  # a field of the record
        members = work.erasure.members(reading, names)
    return {
        "batches": sorted(set(held["batch"])),
        "versions": sorted(set(held["version"])),
        "uncommitted": sorted(set(held["batch"]) & set(uncommitted)),
        "files": sorted(file for file in files if file),
        "quarantine": sorted({*(row for row, _ in quarantined), *unidentified, *members}),
        "members": members,
        "jobs": sorted({*jobs, *reading}),
    }


def _described(kind: Kind, rows: pl.DataFrame) -> set[str]:
    """Hashes of the files that document records describe."""
    if kind is not Kind.DOCUMENTS:
        return set()
    hashes = [orjson.loads(payload).get("sha256") for payload in rows["payload"].drop_nulls()]
    return {sha256 for sha256 in hashes if isinstance(sha256, str)}


def _tables(kind: Kind) -> tuple[str, ...]:
    return tuple(TABLES) if kind is Kind.RELEASES else TABLES_BY_KIND[kind]


def _erase_silver(parts: Parts, one: Audit, mark: Watermark) -> None:
    """Remove the record's silver rows, except the newest that gold is built from."""
    key, name = ("ocid", one.ocid) if one.kind is Kind.RELEASES else ("record_id", one.record_id)
    tables = _tables(one.kind)
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver_after(0, mark.silver_batch)]
    rows = parts.lake.read_silver(tables[0], batches, ["silver_batch", key]).filter(pl.col(key) == name)
    if not rows.height:
        return
    newest = int(rows["silver_batch"].max())  # type: ignore[arg-type]  # not empty
    for table in tables:
        parts.lake.erase_silver(table, key, name or "", newest)
