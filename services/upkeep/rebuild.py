"""Rebuild: silver, gold or search made anew from the layer before, while readers keep working.

Rows are replaced slice by slice, as the stages do it, so that at every moment a reader sees whole processes.
"""

from collections.abc import Iterator, Sequence

from loguru import logger

from domain.documents import passage_id
from domain.job import Watermark
from domain.keys import surrogate
from domain.record import Kind
from domain.search import Collection
from domain.silver import TABLES_OF
from services.clock import now
from services.ports import Parts
from services.stages.index import grouped, index, index_files, index_organizations, index_processes
from services.stages.publish import newest_batches, publish
from services.stages.publish_records import prune_records
from services.stages.refine import refine_processes
from services.stages.refine_records import refine_records

CHUNK = 2_000


def rebuild_silver(parts: Parts) -> int:
    """Refine every process anew; how many. Publish and index follow."""
    with parts.warehouse.read() as work:
        ocids = set(work.records.ocids(Kind.RELEASES))
        batches = [batch.id for batch in work.batches.silver(0)]
    known = newest_batches(parts.lake, batches)
    ordered = sorted(ocids | set(known["ocid"]))
    for kind in TABLES_OF:
        while not _refine_records_again(parts, kind):
            logger.info("refine moved meanwhile; doing {} once more", kind)
    for start in range(0, len(ordered), CHUNK):
        while not _refine_again(parts, ordered[start : start + CHUNK]):
            logger.info("refine moved meanwhile; doing these processes once more")
    _follow(parts)
    return len(ordered)


def _refine_again(parts: Parts, ocids: list[str]) -> bool:
    """Whether the rows count: not so where refine committed meanwhile, whose rows may be newer."""
    with parts.warehouse.write() as work:
        mark: Watermark = work.watermarks.get("refine")
        silver_batch = work.batches.open_silver(mark.seq, mark.seq, now())
        work.commit()
    parts.lake.append_silver(silver_batch, refine_processes(parts, ocids, silver_batch))
    return _count(parts, mark, silver_batch, len(ocids), ())


def _refine_records_again(parts: Parts, kind: Kind) -> bool:
    """The same for all records of a kind."""
    with parts.warehouse.write() as work:
        record_ids = work.records.ids(kind)
        if not record_ids:
            return True
        mark: Watermark = work.watermarks.get("refine")
        silver_batch = work.batches.open_silver(mark.seq, mark.seq, now())
        work.commit()
    parts.lake.append_silver(silver_batch, refine_records(parts, kind, record_ids, silver_batch))
    return _count(parts, mark, silver_batch, 0, (kind,))


def _count(parts: Parts, mark: Watermark, silver_batch: int, processes: int, kinds: Sequence[Kind]) -> bool:
    with parts.warehouse.write() as work:
        if work.watermarks.get("refine").seq != mark.seq:
            return False
        work.batches.commit_silver(silver_batch, processes, kinds, now())
        work.commit()
        return True


def rebuild_gold(parts: Parts) -> int:
    """Publish every process anew, drop what silver does not have, and count the dimensions over; how many processes. Index follows."""
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver(0)]
    prune_records(parts, batches)  # first: facts are converted with the rates that stand, and what came in meanwhile is published again
    with parts.warehouse.write() as work:
        mark: Watermark = work.watermarks.get("publish")
        work.watermarks.swap(mark, Watermark(stage="publish", seq=mark.seq), now())
        work.commit()
    publish_all(parts)
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver(0)]
    standing = parts.lake.read_silver("process", batches, ["ocid", "silver_batch", "deleted"])
    current = standing.join(newest_batches(parts.lake, batches), on=["ocid", "silver_batch"], how="semi")
    wanted = {surrogate(ocid) for ocid in current.filter(~current["deleted"])["ocid"]}
    with parts.warehouse.write() as work:
        gone = [key for key in work.gold.process_keys() if key not in wanted]
        work.gold.replace(gone, None, max(batches, default=0))
        work.files.follow(gone, (), max(batches, default=0))
        work.gold.recount()
        work.commit()
    rebuild_search(parts)
    return len(wanted)


def rebuild_search(parts: Parts) -> int:
    """Write every document anew from gold and delete those that gold does not have; how many documents."""
    written = 0
    for collection, ids, write in (
        (Collection.PROCESSES, _ids(parts, "processes"), index_processes),
        (Collection.ORGANIZATIONS, _ids(parts, "organizations"), index_organizations),
    ):
        wanted: set[str] = set()
        for part in ids:
            write(parts, part)
            wanted.update(part)
        gone = [str(document["id"]) for document in parts.search.scan(collection) if document["id"] not in wanted]
        parts.search.delete(collection, gone)
        written += len(wanted)
    return written + _passages(parts)


def _passages(parts: Parts) -> int:
    """The same for the passages of the files."""
    wanted: set[str] = set()
    for part in _files(parts):
        for some in grouped(part):
            index_files(parts, some)
        wanted.update(passage_id(record_id, number) for record_id, count in part for number in range(count))
    gone = [str(document["id"]) for document in parts.search.scan(Collection.DOCUMENTS) if document["id"] not in wanted]
    parts.search.delete(Collection.DOCUMENTS, gone)
    return len(wanted)


def index_again_if_lost(parts: Parts) -> bool:
    """Where search is empty and gold is not (a new schema, or a lost folder), have the index stage begin at the beginning."""
    with parts.warehouse.write() as work:
        mark: Watermark = work.watermarks.get("index")
        processes = work.documents.ocids("", 1) and not parts.search.count(Collection.PROCESSES)
        files = work.files.count_passages() and not parts.search.count(Collection.DOCUMENTS)
        if not mark.silver_batch or not (processes or files):
            return False
        work.watermarks.swap(mark, mark.model_copy(update={"silver_batch": 0}), now())
        work.commit()
        return True


def _ids(parts: Parts, what: str) -> Iterator[list[str]]:
    last = ""
    while True:
        with parts.warehouse.read() as work:
            page = work.documents.ocids(last, CHUNK) if what == "processes" else work.documents.organization_ids(last, CHUNK)
        if not page:
            return
        yield page
        last = page[-1]


def _files(parts: Parts) -> Iterator[list[tuple[str, int]]]:
    last = ""
    while True:
        with parts.warehouse.read() as work:
            page: list[tuple[str, int]] = work.files.after(last, CHUNK)
        if not page:
            return
        yield page
        last = page[-1][0]


def _follow(parts: Parts) -> None:
    publish_all(parts)
    with parts.warehouse.read() as work:
        target = work.watermarks.get("publish").silver_batch
    while _index_position(parts) < target:
        index(parts)


def publish_all(parts: Parts) -> None:
    """Publish until nothing is pending."""
    while True:
        with parts.warehouse.read() as work:
            if work.watermarks.get("publish").silver_batch >= work.batches.last_silver():
                return
        publish(parts)


def _index_position(parts: Parts) -> int:
    with parts.warehouse.read() as work:
        return int(work.watermarks.get("index").silver_batch)
