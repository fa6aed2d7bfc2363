"""Index stage: builds the documents of changed processes, organisations and files from gold and writes them to search.

Single-flight. Writing a document twice gives the same document, so a killed run is simply repeated. Organisations have
their own watermark: they change with every slice of a load, so they follow when a job ends with the run
or nothing more is pending.
"""

from collections.abc import Sequence
from datetime import timedelta

from domain.pipeline.batch import SilverBatch
from domain.pipeline.watermark import Watermark
from domain.search.queries import Collection
from domain.search.search_documents import organization_document, process_document
from services.lake.silver_batches import limit_by_processes
from services.pipeline.backlog import ORGANIZATIONS_WATERMARK, organizations_behind, refine_or_publish_pending
from services.pipeline.stage_runner import run_stage, takes_single_batch
from services.pipeline.wake_erase import wake_erase
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.saved_searches.alerts import IndexRunAlerts
from services.search import index_pause
from services.search.search_documents import WRITE_DOCUMENTS, file_documents, group_files, passage_ids
from services.shared.clock import now

RUN_MAX_PROCESSES = 20_000


ORGANIZATIONS_MAX_DELAY = timedelta(seconds=30)  # that organisations may be behind during a long load


def index(parts: Parts) -> None:
    """Run once, up to publish's watermark; finish jobs. Sends index again if more is pending, else embed."""
    if run_stage(parts, "index", lambda work, mark: _due(work, mark) and not index_pause.is_paused(work), lambda mark: _index(parts, mark)):
        parts.messages.send("index")
    elif parts.embedders.model:
        parts.messages.send("embed")
    wake_erase(parts)


def _due(work: ReadUnitOfWork, mark: Watermark) -> bool:
    return bool(_pending(work, mark)) or (organizations_behind(work) and not refine_or_publish_pending(work))


def _pending(work: ReadUnitOfWork, mark: Watermark) -> Sequence[SilverBatch]:
    return work.batches.silver_after(mark.silver_batch, work.watermarks.get("publish").silver_batch)


def _index(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        everything = _pending(work, mark)
        pending = everything[:1] if takes_single_batch(mark) else limit_by_processes(everything, RUN_MAX_PROCESSES)
        published = everything[-1].id if everything else mark.silver_batch
        after = mark if not pending else mark.model_copy(update={"seq": max(mark.seq, pending[-1].upto_seq), "silver_batch": pending[-1].id})
        follow = work.watermarks.get(ORGANIZATIONS_WATERMARK) if _organizations_follow(work, after.seq) else None
        touched = work.search_rows.touched_organizations(follow.silver_batch, published) if follow else []
        files = work.document_files.touched(mark.silver_batch, published)
    ocids = sorted(set(parts.lake.read_silver("process", [batch.id for batch in pending], ["silver_batch", "ocid"])["ocid"]))
    alerts = IndexRunAlerts(parts)
    prior_ids = alerts.already_held(Collection.PROCESSES, mark.silver_batch, ocids)
    for start in range(0, len(ocids), WRITE_DOCUMENTS):
        chunk = ocids[start : start + WRITE_DOCUMENTS]
        alerts.save_prior_matches(Collection.PROCESSES, [ocid for ocid in chunk if ocid not in prior_ids])
        index_processes(parts, chunk)
    prior_ids = alerts.already_held(Collection.ORGANIZATIONS, follow.silver_batch, touched) if follow else set()
    for start in range(0, len(touched), WRITE_DOCUMENTS):
        chunk = touched[start : start + WRITE_DOCUMENTS]
        alerts.save_prior_matches(Collection.ORGANIZATIONS, [key for key in chunk if key not in prior_ids])
        index_organizations(parts, chunk)
    record_ids = [record_id for record_id, _ in files]
    prior_ids = alerts.already_held(Collection.DOCUMENTS, mark.silver_batch, record_ids)
    for group in group_files(files):
        new = [file for file in group if file[0] not in prior_ids]
        alerts.save_prior_matches(Collection.DOCUMENTS, passage_ids(new))
        index_files(parts, group)
    write_matches = alerts.find_new_matches()
    with parts.warehouse.write() as work:
        index_pause.check_not_paused(work)
        work.watermarks.compare_and_swap(mark, after, now())
        if follow:
            work.watermarks.compare_and_swap(follow, follow.model_copy(update={"silver_batch": published}), now())
        work.watermarks.record_run(mark, after.seq, len(ocids), now())
        if not organizations_behind(work):
            work.jobs.finish_due(after.seq, now())
        write_matches(work)
        if work.batches.last_silver() <= after.silver_batch and not organizations_behind(work):
            # No attempt will be repeated: remaining prior matches belong to batches that were set aside.
            work.saved_searches.delete_all_prior_matches()
        work.commit()
    alerts.wake_deliveries()
    return after.silver_batch < published


def _organizations_follow(work: ReadUnitOfWork, seq: int) -> bool:
    """Whether a run up to `seq` also indexes the organisations."""
    return bool(not refine_or_publish_pending(work) or work.jobs.due(seq) or work.watermarks.idle(ORGANIZATIONS_WATERMARK, now() - ORGANIZATIONS_MAX_DELAY))


def index_processes(parts: Parts, ocids: Sequence[str]) -> None:
    """Write the documents of these processes as gold has them; delete those that gold does not have."""
    with parts.warehouse.read() as work:
        documents = [process_document(facts) for facts in work.search_rows.processes(ocids)]
    gone = sorted(set(ocids) - {document["id"] for document in documents})
    parts.search.write(Collection.PROCESSES, documents, gone)


def index_organizations(parts: Parts, organization_ids: Sequence[str]) -> None:
    """Write the documents of these organisations as gold has them; delete those that gold does not have."""
    with parts.warehouse.read() as work:
        documents = [organization_document(facts) for facts in work.search_rows.organizations(organization_ids)]
    gone = sorted(set(organization_ids) - {document["id"] for document in documents})
    parts.search.write(Collection.ORGANIZATIONS, documents, gone)


def index_files(parts: Parts, files: Sequence[tuple[str, int]]) -> None:
    """Write the passages of these files as gold and silver have them; `files` are (record id, largest number of
    passages
    that search may hold of it)."""
    documents = file_documents(parts, files)
    parts.search.write(Collection.DOCUMENTS, documents, sorted(set(passage_ids(files)) - {document["id"] for document in documents}))
