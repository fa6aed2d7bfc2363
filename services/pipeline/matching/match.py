"""Match stage: says which organisations are one, for those that new silver batches changed, and refreshes the marts.

Single-flight, after publish and before the search documents of organisations. What it writes follows from the present
organisations and decisions, so a killed run is simply repeated. Organisations that make it fail keep the identity that
they have until they change.

Many silver batches of a load change the same organisations and the same rows of marts, so a run waits until everything
refined is published, and until a job ends with it or everything uploaded is refined, but not longer than `MAX_DELAY`.
"""

from datetime import timedelta
from itertools import islice

from loguru import logger

from domain.pipeline.watermark import Watermark
from services.marts.refresh import refresh_marts
from services.pipeline.backlog import match_behind, publish_pending, refine_pending
from services.pipeline.indexing.index import index
from services.pipeline.matching.recompute import match_organizations
from services.pipeline.stage import SingleFlightStage, takes_single_batch
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now
from services.shared.transaction_size import transaction_size

SLICE_ORGANIZATIONS = 1_000  # per transaction, at most
MAX_DELAY = timedelta(seconds=30)  # behind publish, during a long load


def _due(_: Parts, work: ReadUnitOfWork) -> bool:
    if not match_behind(work):
        return False
    ends_jobs = work.jobs.due(work.watermarks.get("publish").seq)
    is_last = not (refine_pending(work) or work.jobs.unlanded(now()))
    return ((ends_jobs or is_last) and not publish_pending(work)) or _behind_for(work, MAX_DELAY)


def _behind_for(work: ReadUnitOfWork, delay: timedelta) -> bool:
    """Whether the first publish run past the watermark of match ended so long ago."""
    published = work.watermarks.first_run_past("publish", work.watermarks.get("match").seq + 1)
    return published is not None and published[1] < now() - delay


def _match(parts: Parts, watermark: Watermark) -> bool:
    """Run once, up to publish's watermark; returns whether more is pending."""
    with parts.warehouse.read() as work:
        published = work.watermarks.get("publish")
        target = published.silver_batch
        if takes_single_batch(watermark):
            target = min((batch.id for batch in work.batches.silver_after(watermark.silver_batch)), default=target)
        touched = iter(work.search_rows.touched_organizations(watermark.silver_batch, target))
    size = transaction_size(parts, SLICE_ORGANIZATIONS)
    ids = list(islice(touched, size))
    if len(ids) == size:  # the documents of processes don't wait for a long run
        parts.messages.send(index.name)
    while ids:
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            match_organizations(work, ids, [], target)
            work.commit()
        ids = list(islice(touched, transaction_size(parts, SLICE_ORGANIZATIONS)))
    with parts.warehouse.write() as work:
        work.watermarks.check_unmoved(watermark)
        decided = work.organization_matches.pending_decisions()
        match_organizations(work, [], decided, target)
        work.organization_matches.settle_decisions(decided)
        work.commit()
    refresh_marts(parts)  # before the jobs end that wait for this run
    with parts.warehouse.write() as work:
        moved = watermark.model_copy(update={"silver_batch": target, "seq": max(watermark.seq, published.seq)})
        work.watermarks.compare_and_swap(watermark, moved, now())
        work.marts.set_refreshed(now())
        work.commit()
        return match_behind(work)


def _give_up(parts: Parts, watermark: Watermark, reason: str) -> None:
    """Leave the organisations of the next silver batch as they are."""
    with parts.warehouse.write() as work:
        skipped = min((batch.id for batch in work.batches.silver_after(watermark.silver_batch)), default=0)
        logger.error("organisations of silver batch {} are not matched: {}", skipped, reason)
        moved = watermark.model_copy(update={"silver_batch": max(watermark.silver_batch, skipped)})
        work.watermarks.compare_and_swap(watermark, moved, now())
        work.commit()
    refresh_marts(parts)


match = SingleFlightStage(name="match", due=_due, run=_match, wakes=(index,), give_up=_give_up)
