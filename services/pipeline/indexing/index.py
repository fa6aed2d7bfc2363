"""Index: the documents of touched processes and organisations are built from gold and written to search.

Single-flight. Writing a document twice leaves the same document, so a killed run is simply run again. Organisations have a watermark of
their own: they change with every slice of a load, so they follow once a job ends with the run, or nothing more comes.
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


ORGANIZATIONS_MAX_DELAY = timedelta(seconds=30)  # that organisations are behind at most while a long load goes on


def index(parts: Parts) -> None:
    """One run up to where publish stands; finishes the jobs that are done with it, and sends index again where more is pending, else embed."""
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
    watch = IndexRunAlerts(parts)
    untold = watch.already_held(Collection.PROCESSES, mark.silver_batch, ocids)
    for start in range(0, len(ocids), WRITE_DOCUMENTS):
        watch.save_prior_matches(Collection.PROCESSES, [ocid for ocid in ocids[start : start + WRITE_DOCUMENTS] if ocid not in untold])
        index_processes(parts, ocids[start : start + WRITE_DOCUMENTS])
    untold = watch.already_held(Collection.ORGANIZATIONS, follow.silver_batch, touched) if follow else set()
    for start in range(0, len(touched), WRITE_DOCUMENTS):
        watch.save_prior_matches(Collection.ORGANIZATIONS, [one for one in touched[start : start + WRITE_DOCUMENTS] if one not in untold])
        index_organizations(parts, touched[start : start + WRITE_DOCUMENTS])
    untold = watch.already_held(Collection.DOCUMENTS, mark.silver_batch, [record_id for record_id, _ in files])
    for some in group_files(files):
        watch.save_prior_matches(Collection.DOCUMENTS, passage_ids([one for one in some if one[0] not in untold]))
        index_files(parts, some)
    tell = watch.find_new_matches()
    with parts.warehouse.write() as work:
        index_pause.check_not_paused(work)
        work.watermarks.compare_and_swap(mark, after, now())
        if follow:
            work.watermarks.compare_and_swap(follow, follow.model_copy(update={"silver_batch": published}), now())
        work.watermarks.record_run(mark, after.seq, len(ocids), now())
        if not organizations_behind(work):
            work.jobs.finish_due(after.seq, now())
        tell(work)
        if work.batches.last_silver() <= after.silver_batch and not organizations_behind(work):
            work.saved_searches.delete_all_prior_matches()  # no attempt is to be done again: what is left is of batches that were set aside
        work.commit()
    watch.wake_deliveries()
    return after.silver_batch < published


def _organizations_follow(work: ReadUnitOfWork, seq: int) -> bool:
    """Whether a run up to `seq` brings the organisations in line, too."""
    return bool(not refine_or_publish_pending(work) or work.jobs.due(seq) or work.watermarks.idle(ORGANIZATIONS_WATERMARK, now() - ORGANIZATIONS_MAX_DELAY))


def index_processes(parts: Parts, ocids: Sequence[str]) -> None:
    """Bring the documents of these processes in line with gold."""
    with parts.warehouse.read() as work:
        documents = [process_document(facts) for facts in work.search_rows.processes(ocids)]
    gone = sorted(set(ocids) - {document["id"] for document in documents})
    parts.search.write(Collection.PROCESSES, documents, gone)


def index_organizations(parts: Parts, organization_ids: Sequence[str]) -> None:
    """Bring the documents of these organisations in line with gold."""
    with parts.warehouse.read() as work:
        documents = [organization_document(facts) for facts in work.search_rows.organizations(organization_ids)]
    gone = sorted(set(organization_ids) - {document["id"] for document in documents})
    parts.search.write(Collection.ORGANIZATIONS, documents, gone)


def index_files(parts: Parts, files: Sequence[tuple[str, int]]) -> None:
    """Bring the passages of these files in line with gold and silver; each comes with the most passages that search may hold of it."""
    documents = file_documents(parts, files)
    parts.search.write(Collection.DOCUMENTS, documents, sorted(set(passage_ids(files)) - {document["id"] for document in documents}))
