"""Rebuild: makes silver, gold or search again from the layer before, while readers keep working.

Rows are replaced slice by slice, as the stages do, so that readers always see whole processes. Search gets a new index.
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
from services.marts.refresh import refresh_marts
from services.pipeline.backlog import ORGANIZATIONS_PART
from services.pipeline.indexing.index import index
from services.pipeline.marts.refresh_views import refresh_views
from services.pipeline.matching.match import match
from services.pipeline.publishing import document_files
from services.pipeline.publishing.processes import plan_processes, write_processes
from services.pipeline.publishing.publish import publish
from services.pipeline.publishing.publish_records import prune_records
from services.pipeline.publishing.recount_uses import recount
from services.pipeline.red_flags.refresh import recompute, red_flags
from services.pipeline.refining.refine import refine_processes
from services.pipeline.refining.refine_records import refine_records
from services.ports.parts import Parts
from services.ports.search import SearchEngine
from services.ports.warehouse import Warehouse
from services.search.indexers import INDEXERS
from services.search.lost_collections import record_loss
from services.search.rebuild import rebuild_search
from services.search.synonyms import apply_synonyms
from services.shared.clock import now

CHUNK_PROCESSES = 2_000
# The part of the index stage that fills each collection.
PARTS = {Collection.PROCESSES: "", Collection.ORGANIZATIONS: ORGANIZATIONS_PART, Collection.DOCUMENTS: ""}
__all__ = ["index_again_if_lost", "rebuild_gold", "rebuild_search", "rebuild_silver"]


def rebuild_silver(parts: Parts) -> int:
    """Refine all processes and records again, then publish and index them; returns the number of processes."""
    with parts.warehouse.read() as work:
        ocids = set(work.record_catalogue.ocids(Kind.RELEASES))
        batches = [batch.id for batch in work.batches.silver_after(0)]
    known = newest_batches(parts.lake, batches)
    ordered = sorted(ocids | set(known["ocid"]))
    for kind in TABLES_BY_KIND:
        while not _refine_records_again(parts, kind):
            logger.info("refine ran meanwhile; refining {} again", kind)
    for start in range(0, len(ordered), CHUNK_PROCESSES):
        while not _refine_again(parts, ordered[start : start + CHUNK_PROCESSES]):
            logger.info("refine ran meanwhile; refining these processes again")
    rules_applied(parts.warehouse)
    _publish_and_index(parts)
    return len(ordered)


def _refine_again(parts: Parts, ocids: list[str]) -> bool:
    """Whether the rows were committed: not if refine committed meanwhile, as its rows may be newer."""
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("refine")
        silver_batch = work.batches.open_silver(mark.seq, mark.seq, now())
        work.commit()
    parts.lake.append_silver(silver_batch, refine_processes(parts, ocids, silver_batch))
    return _commit_if_unmoved(parts.warehouse, mark, silver_batch, len(ocids), ())


def _refine_records_again(parts: Parts, kind: Kind) -> bool:
    """`_refine_again` for all records of a kind."""
    with parts.warehouse.write() as work:
        record_ids = work.record_catalogue.ids(kind)
        if not record_ids:
            return True
        mark = work.watermarks.get("refine")
        silver_batch = work.batches.open_silver(mark.seq, mark.seq, now())
        work.commit()
    parts.lake.append_silver(silver_batch, refine_records(parts, kind, record_ids, silver_batch))
    return _commit_if_unmoved(parts.warehouse, mark, silver_batch, 0, (kind,))


def _commit_if_unmoved(
    warehouse: Warehouse, mark: Watermark, silver_batch: int, processes: int, kinds: Sequence[Kind]
) -> bool:
    with warehouse.write() as work:
        if work.watermarks.get("refine").seq != mark.seq:
            return False
        work.batches.commit_silver(silver_batch, processes, kinds, now())
        work.commit()
        return True


def rebuild_gold(parts: Parts) -> int:
    """Publish all processes again, delete those that silver lacks, recount dimensions, and rebuild search.

    Returns the number of processes.
    """
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver_after(0)]
    # First, so that facts are converted with current rates. Records that arrive meanwhile are published again.
    prune_records(parts, batches)
    with parts.warehouse.write() as work:
        mark = work.watermarks.get("publish")
        work.watermarks.compare_and_swap(mark, Watermark(stage="publish", seq=mark.seq), now())
        work.commit()
    while (processes := _publish_and_prune(parts)) is None:
        logger.info("publish ran meanwhile; checking again for processes that silver lacks")
    _match_again(parts)
    with parts.warehouse.write() as work:
        recompute(work)
        work.commit()
    red_flags.run_all(parts)
    refresh_marts(parts)
    refresh_views(parts)
    rebuild_search(parts)
    return processes


def _publish_and_prune(parts: Parts) -> int | None:
    """Publish pending batches and delete processes that silver lacks; their number, None if publish ran meanwhile."""
    publish.run_all(parts)
    with parts.warehouse.read() as work:
        mark = work.watermarks.get("publish")
        batches = [batch.id for batch in work.batches.silver_after(0, mark.silver_batch)]
    processes_rows = parts.lake.read_silver("process", batches, ["ocid", "silver_batch", "deleted"])
    current = processes_rows.join(newest_batches(parts.lake, batches), on=["ocid", "silver_batch"], how="semi")
    wanted = {surrogate_key(ocid) for ocid in current.filter(~current["deleted"])["ocid"]}
    with parts.warehouse.write() as work:
        if work.watermarks.get("publish") != mark:
            return None
        unneeded = [key for key in work.star.process_keys() if key not in wanted]
        work.watermarks.start("publish", now())  # invalidates the plan of a run in progress
        work.watermarks.uncount_attempt("publish")
        write_processes(work, plan_processes(work, unneeded, None), max(batches, default=0))
        document_files.relink(work, unneeded, document_files.NO_NAMES, max(batches, default=0))
        recount(work)
        work.commit()
    return len(wanted)


def _match_again(parts: Parts) -> None:
    """Match all organisations again; the decisions of admins stay."""
    with parts.warehouse.write() as work:
        work.organization_matches.clear()
        mark = work.watermarks.get("match")
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"silver_batch": 0}), now())
        work.commit()
    match.run_all(parts)


def index_again_if_lost(warehouse: Warehouse, search: SearchEngine) -> bool:
    """Reset the index watermark of collections that are empty although gold has rows (a new schema, or a lost folder).

    Returns whether there were any. While the search engine is unavailable nothing is done; the sweep checks again.
    """
    with warehouse.read() as work:
        marks = {part: work.watermarks.get("index", part) for part in PARTS.values()}
        gold = {collection: bool(indexer.keys_after(work, "", 1)) for collection, indexer in INDEXERS.items()}
    expected = [collection for collection, part in PARTS.items() if gold[collection] and marks[part].silver_batch]
    try:
        lost = [collection for collection in expected if not search.count(collection)]
    except RetryableError as error:
        logger.debug("the search engine is unavailable: {}", error.detail)
        return False
    if lost:
        logger.info("search has lost its {}; indexing them again", " and ".join(lost))
        apply_synonyms(warehouse, search)  # a server without documents has lost its synonyms, too
        with warehouse.write() as work:
            for collection in lost:
                record_loss(work, collection, marks[PARTS[collection]].silver_batch)
            for mark in {part: marks[part] for part in map(PARTS.__getitem__, lost)}.values():
                work.watermarks.compare_and_swap(mark, mark.model_copy(update={"silver_batch": 0}), now())
            work.commit()
    return bool(lost)


def _publish_and_index(parts: Parts) -> None:
    publish.run_all(parts)
    match.run_all(parts)
    with parts.warehouse.read() as work:
        target = work.watermarks.get("publish").silver_batch
    while _index_position(parts.warehouse) < target:
        index(parts)


def _index_position(warehouse: Warehouse) -> int:
    with warehouse.read() as work:
        return int(work.watermarks.get("index").silver_batch)
