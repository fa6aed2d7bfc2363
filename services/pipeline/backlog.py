"""What waits to be refined, published or indexed."""

from services.ports.warehouse import ReadUnitOfWork

ORGANIZATIONS_WATERMARK = "organizations"  # the watermark of what was indexed of them


def organizations_behind(work: ReadUnitOfWork) -> bool:
    """Whether there are silver batches that were indexed, but for what they changed in organisations."""
    return bool(work.watermarks.get(ORGANIZATIONS_WATERMARK).silver_batch < work.watermarks.get("index").silver_batch)


def refine_or_publish_pending(work: ReadUnitOfWork) -> bool:
    """Whether anything waits to be refined or published."""
    refined, published = work.watermarks.get("refine").seq, work.watermarks.get("publish").silver_batch
    return bool(refined < work.batches.last_committed() or published < work.batches.last_silver())
