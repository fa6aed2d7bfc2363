"""The backlog: which stages have work, as the watermarks tell."""

from services.ports.warehouse import ReadUnitOfWork

ORGANIZATIONS_PART = "organizations"  # part of the index stage: how far their search documents are written

RED_FLAGS = "red_flags"  # the stage


def refine_pending(work: ReadUnitOfWork) -> bool:
    """Whether committed batches are pending for refine."""
    return work.batches.last_committed() > work.watermarks.get("refine").seq


def publish_pending(work: ReadUnitOfWork) -> bool:
    """Whether silver batches are pending for publish."""
    return work.batches.last_silver() > work.watermarks.get("publish").silver_batch


def refine_or_publish_pending(work: ReadUnitOfWork) -> bool:
    """Whether gold is going to change."""
    return refine_pending(work) or publish_pending(work)


def processes_pending(work: ReadUnitOfWork) -> bool:
    """Whether published silver batches are pending for index."""
    indexed, published = work.watermarks.get("index").silver_batch, work.watermarks.get("publish").silver_batch
    return indexed < published and bool(work.batches.silver_after(indexed, published))


def match_behind(work: ReadUnitOfWork) -> bool:
    """Whether match, and with it the marts, is behind publish."""
    return work.watermarks.get("match").silver_batch < work.watermarks.get("publish").silver_batch


def organizations_behind(work: ReadUnitOfWork) -> bool:
    """Whether search documents of organisations are behind the index watermark."""
    return work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch < work.watermarks.get("index").silver_batch


def organizations_pending(work: ReadUnitOfWork) -> bool:
    """Whether matched organisations are pending for index."""
    indexed = work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch
    return indexed < min(work.watermarks.get(stage).silver_batch for stage in ("index", "match"))


def red_flags_behind(work: ReadUnitOfWork) -> bool:
    """Whether publish has passed the silver batch that the flags which compare all data are of."""
    return work.watermarks.get(RED_FLAGS).silver_batch < work.watermarks.get("publish").silver_batch


def index_pending(work: ReadUnitOfWork) -> bool:
    """Whether search documents are behind gold."""
    return processes_pending(work) or organizations_behind(work)
