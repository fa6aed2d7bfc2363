"""Index stage: builds the documents of changed processes, organisations and files from gold and writes them to search.

Single-flight. Writing a document twice gives the same document, so a killed run is simply repeated. Organisations have
their own watermark: they change with every slice of a load, so they follow when a job ends with the run or nothing more
is pending.
"""

from collections.abc import Sequence
from datetime import timedelta

from domain.pipeline.watermark import Watermark
from domain.search.queries import Collection
from domain.search.search_documents import organization_document, process_document
from services.lake.silver_batches import limit_by_processes
from services.pipeline.backlog import (
    ORGANIZATIONS_PART,
    organizations_behind,
    processes_pending,
    refine_or_publish_pending,
)
from services.pipeline.embedding.embed import embed
from services.pipeline.erasing.erase import erase
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.saved_searches.alerts import IndexRunAlerts
from services.search import index_pause
from services.search.search_documents import WRITE_DOCUMENTS, file_documents, group_files, passage_ids
from services.shared.clock import now

RUN_MAX_PROCESSES = 20_000
ORGANIZATIONS_MAX_DELAY = timedelta(seconds=30)  # that organisations may be behind during a long load


def _due(_: Parts, work: ReadUnitOfWork) -> bool:
    """Whether silver batches are published, or organisations are behind and nothing more is to come."""
    pending = processes_pending(work) or (organizations_behind(work) and not refine_or_publish_pending(work))
    return pending and not work.search_state.paused(now())


def _index(parts: Parts, watermark: Watermark) -> bool:
    """Run once, up to publish's watermark; finish jobs. Returns whether more is pending."""
    with parts.warehouse.read() as work:
        unindexed = work.batches.silver_after(watermark.silver_batch, work.watermarks.get("publish").silver_batch)
        pending = unindexed[:1] if takes_single_batch(watermark) else limit_by_processes(unindexed, RUN_MAX_PROCESSES)
        published = unindexed[-1].id if unindexed else watermark.silver_batch
        advanced = watermark
        if pending:
            last = pending[-1]
            passed = {"seq": max(watermark.seq, last.upto_seq), "silver_batch": last.id}
            advanced = watermark.model_copy(update=passed)
        organizations: Watermark | None = None
        touched: list[str] = []
        if _organizations_follow(work, advanced.seq):
            organizations = work.watermarks.get("index", ORGANIZATIONS_PART)
            touched = list(work.search_rows.touched_organizations(organizations.silver_batch, published))
        files = work.document_files.touched(watermark.silver_batch, published)
    ocids = sorted(
        set(parts.lake.read_silver("process", [batch.id for batch in pending], ["silver_batch", "ocid"])["ocid"])
    )
    alerts = IndexRunAlerts(parts)
    prior_ids = alerts.already_held(Collection.PROCESSES, watermark.silver_batch, ocids)
    for start in range(0, len(ocids), WRITE_DOCUMENTS):
        chunk = ocids[start : start + WRITE_DOCUMENTS]
        alerts.save_prior_matches(Collection.PROCESSES, [ocid for ocid in chunk if ocid not in prior_ids])
        index_processes(parts, chunk)
    if organizations:
        prior_ids = alerts.already_held(Collection.ORGANIZATIONS, organizations.silver_batch, touched)
    for start in range(0, len(touched), WRITE_DOCUMENTS):
        chunk = touched[start : start + WRITE_DOCUMENTS]
        alerts.save_prior_matches(Collection.ORGANIZATIONS, [key for key in chunk if key not in prior_ids])
        index_organizations(parts, chunk)
    record_ids = [record_id for record_id, _ in files]
    prior_ids = alerts.already_held(Collection.DOCUMENTS, watermark.silver_batch, record_ids)
    for group in group_files(files):
        new = [file for file in group if file[0] not in prior_ids]
        alerts.save_prior_matches(Collection.DOCUMENTS, passage_ids(new))
        index_files(parts, group)
    write_matches = alerts.find_new_matches()
    with parts.warehouse.write() as work:
        index_pause.check_not_paused(work)
        work.watermarks.compare_and_swap(watermark, advanced, now())
        if organizations:
            work.watermarks.compare_and_swap(
                organizations, organizations.model_copy(update={"silver_batch": published}), now()
            )
        work.watermarks.record_run(watermark, advanced.seq, len(ocids), now())
        if not organizations_behind(work):
            work.jobs.finish_due(advanced.seq, now())
        write_matches(work)
        if work.batches.last_silver() <= advanced.silver_batch and not organizations_behind(work):
            # No attempt will be repeated: remaining prior matches belong to batches that were set aside.
            work.saved_searches.delete_all_prior_matches()
        work.commit()
    alerts.wake_deliveries()
    return advanced.silver_batch < published


index = SingleFlightStage(name="index", due=_due, run=_index, wakes=(embed, erase))


def _organizations_follow(work: ReadUnitOfWork, seq: int) -> bool:
    """Whether a run up to `seq` also indexes the organisations."""
    return bool(
        not refine_or_publish_pending(work)
        or work.jobs.due(seq)
        or work.watermarks.idle("index", now() - ORGANIZATIONS_MAX_DELAY, ORGANIZATIONS_PART)
    )


def index_processes(parts: Parts, ocids: Sequence[str]) -> None:
    """Write the documents of these processes as gold has them; delete those that gold does not have."""
    with parts.warehouse.read() as work:
        documents = [process_document(facts) for facts in work.search_rows.processes(ocids)]
    deleted_ids = sorted(set(ocids) - {document["id"] for document in documents})
    parts.search.write(Collection.PROCESSES, documents, deleted_ids)


def index_organizations(parts: Parts, organization_ids: Sequence[str]) -> None:
    """Write the documents of these organisations as gold has them; delete those that gold does not have."""
    with parts.warehouse.read() as work:
        documents = [organization_document(facts) for facts in work.search_rows.organizations(organization_ids)]
    deleted_ids = sorted(set(organization_ids) - {document["id"] for document in documents})
    parts.search.write(Collection.ORGANIZATIONS, documents, deleted_ids)


def index_files(parts: Parts, files: Sequence[tuple[str, int]]) -> None:
    """Write the passages of these files as gold and silver have them; `files` are (record id, largest number of
    passages that search may hold of it)."""
    documents = file_documents(parts, files)
    parts.search.write(
        Collection.DOCUMENTS, documents, sorted(set(passage_ids(files)) - {document["id"] for document in documents})
    )
