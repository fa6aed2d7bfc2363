"""Index: the documents of touched processes and organisations are built from gold and written to search.

Single-flight. Writing a document twice leaves the same document, so a killed run is simply run again. Organisations have a watermark of
their own: they change with every slice of a load, so they follow once a job ends with the run, or nothing more comes.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from domain.documents import organization_document, passage_documents, passage_id, process_document
from domain.job import Watermark
from domain.search import Collection, Document
from services.alerts import Watch
from services.clock import now
from services.ports import Parts, Work
from services.stages import pause
from services.stages.publish import take
from services.stages.purged import wake_erase
from services.stages.runs import alone, run

SLICE = 4_000  # documents of one commit of the engine
PROCESSES = 20_000
ORGANIZATIONS = "organizations"  # the watermark of what was indexed of them
LATE = timedelta(seconds=30)  # that organisations are behind at most while a long load goes on


def index(parts: Parts) -> None:
    """One run up to where publish stands; finishes the jobs that are done with it, and sends index again where more is pending, else embed."""
    if run(parts, "index", lambda work, mark: _due(work, mark) and not pause.paused(work), lambda mark: _index(parts, mark)):
        parts.messages.send("index")
    elif parts.embedders.model:
        parts.messages.send("embed")
    wake_erase(parts)


def _due(work: Work, mark: Watermark) -> bool:
    return bool(_pending(work, mark)) or (organizations_behind(work) and not words_come(work))


def organizations_behind(work: Work) -> bool:
    """Whether there are silver batches that were indexed, but for what they changed in organisations."""
    return bool(work.watermarks.get(ORGANIZATIONS).silver_batch < work.watermarks.get("index").silver_batch)


def words_come(work: Work) -> bool:
    """Whether anything waits to be refined or published."""
    refined, published = work.watermarks.get("refine").seq, work.watermarks.get("publish").silver_batch
    return bool(refined < work.batches.last_committed() or published < work.batches.last_silver())


def _pending(work: Work, mark: Watermark) -> Sequence[Any]:
    found: Sequence[Any] = work.batches.silver(mark.silver_batch, work.watermarks.get("publish").silver_batch)
    return found


def _index(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        everything = _pending(work, mark)
        pending = everything[:1] if alone(mark) else take(everything, PROCESSES)
        published = everything[-1].id if everything else mark.silver_batch
        after = mark if not pending else mark.model_copy(update={"seq": max(mark.seq, pending[-1].upto_seq), "silver_batch": pending[-1].id})
        follow: Watermark | None = work.watermarks.get(ORGANIZATIONS) if _organizations_follow(work, after.seq) else None
        touched = work.documents.touched_organizations(follow.silver_batch, published) if follow else []
        files = work.files.touched(mark.silver_batch, published)
    ocids = sorted(set(parts.lake.read_silver("process", [batch.id for batch in pending], ["silver_batch", "ocid"])["ocid"]))
    watch = Watch(parts)
    untold = watch.untold(Collection.PROCESSES, mark.silver_batch, ocids)
    for start in range(0, len(ocids), SLICE):
        watch.before(Collection.PROCESSES, [ocid for ocid in ocids[start : start + SLICE] if ocid not in untold])
        index_processes(parts, ocids[start : start + SLICE])
    untold = watch.untold(Collection.ORGANIZATIONS, follow.silver_batch, touched) if follow else set()
    for start in range(0, len(touched), SLICE):
        watch.before(Collection.ORGANIZATIONS, [one for one in touched[start : start + SLICE] if one not in untold])
        index_organizations(parts, touched[start : start + SLICE])
    untold = watch.untold(Collection.DOCUMENTS, mark.silver_batch, [record_id for record_id, _ in files])
    for some in grouped(files):
        watch.before(Collection.DOCUMENTS, held([one for one in some if one[0] not in untold]))
        index_files(parts, some)
    tell = watch.after()
    with parts.warehouse.write() as work:
        pause.check(work)
        work.watermarks.swap(mark, after, now())
        if follow:
            work.watermarks.swap(follow, follow.model_copy(update={"silver_batch": published}), now())
        work.watermarks.ran("index", mark.seq, after.seq, len(ocids), mark.started_at, now())
        if not organizations_behind(work):
            work.jobs.finish_due(after.seq, now())
        tell(work)
        if work.batches.last_silver() <= after.silver_batch and not organizations_behind(work):
            work.saved.forget_all()  # no attempt is to be done again: what is left is of batches that were set aside
        work.commit()
    watch.wake()
    return after.silver_batch < published


def _organizations_follow(work: Work, seq: int) -> bool:
    """Whether a run up to `seq` brings the organisations in line, too."""
    return bool(not words_come(work) or work.jobs.due(seq) or work.watermarks.idle(ORGANIZATIONS, now() - LATE))


def index_processes(parts: Parts, ocids: Sequence[str]) -> None:
    """Bring the documents of these processes in line with gold."""
    with parts.warehouse.read() as work:
        documents = [process_document(facts) for facts in work.documents.processes(ocids)]
    gone = sorted(set(ocids) - {document["id"] for document in documents})
    parts.search.write(Collection.PROCESSES, documents, gone)


def index_organizations(parts: Parts, organization_ids: Sequence[str]) -> None:
    """Bring the documents of these organisations in line with gold."""
    with parts.warehouse.read() as work:
        documents = [organization_document(facts) for facts in work.documents.organizations(organization_ids)]
    gone = sorted(set(organization_ids) - {document["id"] for document in documents})
    parts.search.write(Collection.ORGANIZATIONS, documents, gone)


def index_files(parts: Parts, files: Sequence[tuple[str, int]]) -> None:
    """Bring the passages of these files in line with gold and silver; each comes with the most passages that search may hold of it."""
    documents = file_documents(parts, files)
    parts.search.write(Collection.DOCUMENTS, documents, sorted(set(held(files)) - {document["id"] for document in documents}))


def held(files: Sequence[tuple[str, int]]) -> list[str]:
    """The ids of the passages that search may hold of these files."""
    return [passage_id(record_id, number) for record_id, most in files for number in range(most)]


def file_documents(parts: Parts, files: Sequence[tuple[str, int]]) -> list[Document]:
    """The passages of these files."""
    with parts.warehouse.read() as work:
        rows: list[dict[str, Any]] = list(work.files.some([record_id for record_id, _ in files]))
        linked = sorted({row["ocid"] for row in rows if row["process_key"] is not None})
        processes = {facts["process"]["process_key"]: facts["process"] for facts in work.documents.processes(linked)}
    pages = pages_of(parts, rows)
    return [one for row in rows for one in passage_documents(row, processes.get(row["process_key"]), pages.get(row["record_id"], []))]


def pages_of(parts: Parts, rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The pages of these files in order, by record."""
    made = {row["record_id"]: row["silver_batch"] for row in rows}
    columns = ["silver_batch", "record_id", "page", "text"]
    frame = parts.lake.read_silver("page", sorted(set(made.values())), columns, record_ids=sorted(made))
    pages: dict[str, list[dict[str, Any]]] = {}
    for page in frame.sort("record_id", "page").iter_rows(named=True):
        if made[page["record_id"]] == page["silver_batch"]:
            pages.setdefault(page["record_id"], []).append(page)
    return pages


def grouped(files: Sequence[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """Files whose passages together are few enough for one commit of the engine, and one file at least."""
    group: list[tuple[str, int]] = []
    size = 0
    for record_id, most in files:
        if group and size + most > SLICE:
            yield group
            group, size = [], 0
        group.append((record_id, most))
        size += most
    if group:
        yield group
