"""The backlog: whether silver batches or committed batches wait for a stage."""

from services.ports.warehouse import UnitOfWork

ORGANIZATIONS_WATERMARK = "organizations"  # of the index stage, up to which organisations are indexed


def organizations_behind(work: UnitOfWork) -> bool:
    """Whether organisations of silver batches that are otherwise indexed still wait to be indexed."""
    return bool(work.watermarks.get(ORGANIZATIONS_WATERMARK).silver_batch < work.watermarks.get("index").silver_batch)


def refine_or_publish_pending(work: UnitOfWork) -> bool:
    """Whether refine or publish has work."""
    refined, published = work.watermarks.get("refine").seq, work.watermarks.get("publish").silver_batch
    return bool(refined < work.batches.last_committed() or published < work.batches.last_silver())
