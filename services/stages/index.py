"""Index: the documents of touched processes and organisations are built from gold and written to search.

Single-flight. Writing a document twice leaves the same document, so a killed run is simply run again.
"""

from collections.abc import Sequence
from typing import Any

from domain.documents import organization_document, process_document
from domain.job import Watermark
from domain.search import Collection
from services.clock import now
from services.ports import Parts, Work
from services.stages.publish import take
from services.stages.runs import alone, run

SLICE = 2_000  # documents of one commit of the engine
PROCESSES = 20_000


def index(parts: Parts) -> None:
    """One run up to where publish stands; finishes the jobs that are done with it, and sends index again where more is pending."""
    if run(parts, "index", lambda work, mark: bool(_pending(work, mark)), lambda mark: _index(parts, mark)):
        parts.messages.send("index")


def _pending(work: Work, mark: Watermark) -> Sequence[Any]:
    found: Sequence[Any] = work.batches.silver(mark.silver_batch, work.watermarks.get("publish").silver_batch)
    return found


def _index(parts: Parts, mark: Watermark) -> bool:
    with parts.warehouse.read() as work:
        pending = _pending(work, mark)
        published = pending[-1].id
        pending = pending[:1] if alone(mark) else take(pending, PROCESSES)
        touched = work.documents.touched_organizations(mark.silver_batch, published)
    last = pending[-1]
    ocids = sorted(set(parts.lake.read_silver("process", [batch.id for batch in pending], ["silver_batch", "ocid"])["ocid"]))
    for start in range(0, len(ocids), SLICE):
        index_processes(parts, ocids[start : start + SLICE])
    for start in range(0, len(touched), SLICE):
        index_organizations(parts, touched[start : start + SLICE])
    with parts.warehouse.write() as work:
        seq = max(mark.seq, last.upto_seq)
        work.watermarks.swap(mark, mark.model_copy(update={"seq": seq, "silver_batch": last.id}), now())
        work.watermarks.ran("index", mark.seq, seq, len(ocids), mark.started_at, now())
        work.jobs.finish_due(seq, now())
        work.commit()
    return bool(last.id < published)


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
