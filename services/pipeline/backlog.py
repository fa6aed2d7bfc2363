"""The backlog: whether batches are pending for refine, publish, or the indexing of organisations."""

from services.ports.warehouse import ReadUnitOfWork

ORGANIZATIONS_PART = "organizations"  # part of the index stage: how far their search documents are written


def organizations_behind(work: ReadUnitOfWork) -> bool:
    """Whether search documents of organisations are behind the index watermark."""
    return bool(
        work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch < work.watermarks.get("index").silver_batch
    )


def refine_or_publish_pending(work: ReadUnitOfWork) -> bool:
    """Whether committed batches are pending for refine, or silver batches for publish."""
    refined, published = work.watermarks.get("refine").seq, work.watermarks.get("publish").silver_batch
    return bool(refined < work.batches.last_committed() or published < work.batches.last_silver())
