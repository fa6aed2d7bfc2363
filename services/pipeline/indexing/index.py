"""Index stage: builds the documents of changed processes, organisations and files from gold and writes them to search.

Single-flight. Writing a document twice gives the same document, so a killed run is simply repeated. Organisations have
their own watermark: they change with every slice of a load, so they follow when a job ends with the run or nothing more
is pending.
"""

from datetime import timedelta

from domain.pipeline.watermark import Watermark
from domain.search.queries import Collection
from services.lake.silver_batches import limit_by_processes
from services.pipeline.backlog import (
    ORGANIZATIONS_PART,
    match_behind,
    organizations_behind,
    organizations_pending,
    processes_pending,
    refine_or_publish_pending,
)
from services.pipeline.embedding.embed import embed
from services.pipeline.erasing.erase import erase
from services.pipeline.red_flags.refresh import red_flags
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.saved_searches.alerts import IndexRunAlerts
from services.search import index_pause
from services.search.indexers import INDEXERS, slices
from services.shared.clock import now

RUN_MAX_PROCESSES = 20_000
ORGANIZATIONS_MAX_DELAY = timedelta(seconds=30)  # that organisations may be behind during a long load


def _due(_: Parts, work: ReadUnitOfWork) -> bool:
    """Whether silver batches are published, or matched organisations are behind and a job waits for them, or nothing
    more is to come."""
    pending = processes_pending(work) or (
        organizations_pending(work) and (not _upstream_pending(work) or work.jobs.due(work.watermarks.get("index").seq))
    )
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
        ranges = {
            Collection.PROCESSES: (watermark.silver_batch, advanced.silver_batch),
            Collection.DOCUMENTS: (watermark.silver_batch, published),
        }
        organizations: Watermark | None = None
        matched = Watermark(stage="match")
        if _organizations_follow(work, advanced.seq):
            organizations = work.watermarks.get("index", ORGANIZATIONS_PART)
            matched = _matched(organizations, advanced.model_copy(update={"silver_batch": published}), work)
            ranges[Collection.ORGANIZATIONS] = (organizations.silver_batch, matched.silver_batch)
        touched = {one: INDEXERS[one].keys_touched(work, parts.lake, *ranges[one]) for one in ranges}
    alerts = IndexRunAlerts(parts)
    for collection, keys in touched.items():
        indexer = INDEXERS[collection]
        held = alerts.already_held(collection, ranges[collection][0], [one.key for one in keys])
        for part in slices(keys):
            alerts.save_prior_matches(collection, indexer.ids_of([one for one in part if one.key not in held]))
            parts.search.write(collection, *indexer.changes(parts.warehouse, parts.lake, part))
    write_matches = alerts.find_new_matches()
    with parts.warehouse.write() as work:
        index_pause.check_not_paused(work)
        work.watermarks.compare_and_swap(watermark, advanced, now())
        if organizations:
            work.watermarks.compare_and_swap(organizations, matched, now())
        work.watermarks.record_run(watermark, advanced.seq, len(touched[Collection.PROCESSES]), now())
        work.jobs.finish_due(min(advanced.seq, work.watermarks.get("index", ORGANIZATIONS_PART).seq), now())
        write_matches(work)
        if work.batches.last_silver() <= advanced.silver_batch and not organizations_behind(work):
            # No attempt will be repeated: remaining prior matches belong to batches that were set aside.
            work.saved_searches.delete_all_prior_matches()
        work.commit()
    alerts.wake_deliveries()
    return advanced.silver_batch < published


index = SingleFlightStage(name="index", due=_due, run=_index, wakes=(embed, erase, red_flags))


def _matched(organizations: Watermark, published: Watermark, work: ReadUnitOfWork) -> Watermark:
    """The watermark of organisations after a run: up to publish, but not beyond match."""
    match = work.watermarks.get("match")
    silver_batch, seq = published.silver_batch, published.seq
    if match.silver_batch < silver_batch:
        silver_batch, seq = match.silver_batch, min(seq, match.seq)
    return organizations.model_copy(
        update={"silver_batch": max(organizations.silver_batch, silver_batch), "seq": max(organizations.seq, seq)}
    )


def _upstream_pending(work: ReadUnitOfWork) -> bool:
    """Whether refine, publish or match may still change organisations."""
    return refine_or_publish_pending(work) or match_behind(work)


def _organizations_follow(work: ReadUnitOfWork, seq: int) -> bool:
    """Whether a run up to `seq` also indexes the organisations."""
    return bool(
        not _upstream_pending(work)
        or work.jobs.due(seq)
        or work.watermarks.idle("index", now() - ORGANIZATIONS_MAX_DELAY, ORGANIZATIONS_PART)
    )
