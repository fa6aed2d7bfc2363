"""Rebuild: silver, gold or search made anew from the layer before, while readers keep working.

Rows are replaced slice by slice, as the stages do it, so that at every moment a reader sees whole processes; search is made anew aside.
"""

from collections.abc import Sequence

from loguru import logger

from domain.lake.silver import TABLES_BY_KIND
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from domain.search.queries import Collection
from domain.shared.errors import RetryableError
from domain.shared.surrogate_keys import surrogate_key
from services.lake.silver_batches import newest_batches
from services.maintenance.installation import rules_applied
from services.pipeline.backlog import ORGANIZATIONS_WATERMARK
from services.pipeline.indexing.index import index
from services.pipeline.publishing.publish import publish
from services.pipeline.publishing.publish_records import prune_records
from services.pipeline.refining.refine import refine_processes
from services.pipeline.refining.refine_records import refine_records
from services.ports.parts import Parts
from services.search.lost_collections import record_loss
from services.search.rebuild import rebuild_search
from services.search.synonyms import apply_synonyms
from services.shared.clock import now

CHUNK_PROCESSES = 2_000
WATERMARK_OF = {Collection.PROCESSES: "index", Collection.ORGANIZATIONS: ORGANIZATIONS_WATERMARK, Collection.DOCUMENTS: "index"}  # whose watermark says how far
__all__ = ["index_again_if_lost", "publish_all", "rebuild_gold", "rebuild_search", "rebuild_silver"]


def rebuild_silver(parts: Parts) -> int:
    """Refine every process anew; how many. Publish and index follow."""
    with parts.warehouse.read() as work:
        ocids = set(work.record_catalogue.ocids(Kind.RELEASES))
        batches = [batch.id for batch in work.batches.silver_after(0)]
    known = newest_batches(parts.lake, batches)
    ordered = sorted(ocids | set(known["ocid"]))
    for kind in TABLES_BY_KIND:
        while not _refine_records_again(parts, kind):
            logger.info("refine moved meanwhile; doing {} once more", kind)
    for start in range(0, len(ordered), CHUNK_PROCESSES):
        while not _refine_again(parts, ordered[start : start + CHUNK_PROCESSES]):
            logger.info("refine moved meanwhile; doing these processes once more")
    rules_applied(parts.warehouse)
    _follow(parts)
    return len(ordered)


def _refine_again(parts: Parts, ocids: list[str]) -> bool:
    """Whether the rows count: not so where refine committed meanwhile, whose rows may be newer."""
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("refine")
        silver_batch = work.batches.open_silver(mark.seq, mark.seq, now())
        work.commit()
    parts.lake.append_silver(silver_batch, refine_processes(parts, ocids, silver_batch))
    return _count(parts, mark, silver_batch, len(ocids), ())


def _refine_records_again(parts: Parts, kind: Kind) -> bool:
    """The same for all records of a kind."""
    with parts.warehouse.write() as work:
        record_ids = work.record_catalogue.ids(kind)
        if not record_ids:
            return True
        mark = work.watermarks.get("refine")
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
        batches = [batch.id for batch in work.batches.silver_after(0)]
    prune_records(parts, batches)  # first: facts are converted with the rates that stand, and what came in meanwhile is published again
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("publish")
        work.watermarks.compare_and_swap(mark, Watermark(stage="publish", seq=mark.seq), now())
        work.commit()
    while (processes := _pruned(parts)) is None:
        logger.info("publish moved meanwhile; looking once more for what silver does not have")
    rebuild_search(parts)
    return processes


def _pruned(parts: Parts) -> int | None:
    """Publish what is pending and drop what silver does not have; how many processes stand, None where publish moved in between."""
    publish_all(parts)
    with parts.warehouse.read() as work:
        mark = work.watermarks.get("publish")
        batches = [batch.id for batch in work.batches.silver_after(0, mark.silver_batch)]
    standing = parts.lake.read_silver("process", batches, ["ocid", "silver_batch", "deleted"])
    current = standing.join(newest_batches(parts.lake, batches), on=["ocid", "silver_batch"], how="semi")
    wanted = {surrogate_key(ocid) for ocid in current.filter(~current["deleted"])["ocid"]}
    with parts.warehouse.write() as work:
        if work.watermarks.get("publish") != mark:
            return None
        gone = [key for key in work.star_writer.process_keys() if key not in wanted]
        work.watermarks.start("publish", now())  # a run that has planned its next slice meanwhile loses
        work.watermarks.uncount_attempt("publish")
        work.star_writer.write(work.star_writer.plan(gone, None), max(batches, default=0))
        work.document_files.relink(gone, (), max(batches, default=0))
        work.star_writer.recount_uses()
        work.commit()
    return len(wanted)


def index_again_if_lost(parts: Parts) -> bool:
    """Where a collection is empty and gold has something of it (a new schema, or a lost folder), have the index stage begin at the beginning with it.

    While search is away nothing is known, and nothing is done; the sweep asks again.
    """
    with parts.warehouse.read() as work:
        marks = {stage: work.watermarks.get(stage) for stage in set(WATERMARK_OF.values())}
        gold = {
            Collection.PROCESSES: bool(work.search_rows.ocids("", 1)),
            Collection.ORGANIZATIONS: bool(work.search_rows.organization_ids("", 1)),
            Collection.DOCUMENTS: bool(work.document_files.count_passages()),
        }
    expected = [collection for collection, stage in WATERMARK_OF.items() if gold[collection] and marks[stage].silver_batch]
    try:
        lost = [collection for collection in expected if not parts.search.count(collection)]
    except RetryableError as error:
        logger.debug("search is away: {}", error.detail)
        return False
    if lost:
        logger.info("search has lost its {}; they are indexed again", " and ".join(lost))
        apply_synonyms(parts)  # a server that lost the documents lost them too
        with parts.warehouse.write() as work:
            for collection in lost:
                record_loss(work, collection, marks[WATERMARK_OF[collection]].silver_batch)
            for mark in {WATERMARK_OF[collection]: marks[WATERMARK_OF[collection]] for collection in lost}.values():
                work.watermarks.compare_and_swap(mark, mark.model_copy(update={"silver_batch": 0}), now())
            work.commit()
    return bool(lost)


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
