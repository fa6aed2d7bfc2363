"""The sweep: sends the message of each stage or job that is behind and idle again, so that a lost message costs seconds
only.
"""

from datetime import timedelta

from loguru import logger

from services.pipeline.backlog import organizations_behind
from services.ports.parts import Parts
from services.shared.clock import now
from services.webhooks.outbox import DELIVER_ACTOR as DELIVER
from services.webhooks.outbox import MAX_HOST_ATTEMPTS

IDLE_DURATION = timedelta(seconds=10)  # longer than a slice of any stage


def sweep(parts: Parts) -> list[tuple[str, ...]]:
    """Send the messages that are due; returns them."""
    due: list[tuple[str, ...]] = []
    with parts.warehouse.read() as work:
        quiet = now() - IDLE_DURATION
        idle = work.jobs.unlanded(idle_since=quiet, unleased_at=now())
        behind_first = set(work.jobs.waiting(len(idle))[1:])  # landed together with the oldest waiting job
        due += [("land", job_id) for job_id in idle if job_id not in behind_first]
        newest = work.batches.last_committed()
        silver = work.batches.last_silver()
        marks = {stage: work.watermarks.get(stage) for stage in ("refine", "publish", "index", "embed")}
        behind = {
            "refine": marks["refine"].seq < newest,
            "publish": marks["publish"].silver_batch < silver,
            "index": marks["index"].silver_batch < marks["publish"].silver_batch or organizations_behind(work),
        }
        behind["embed"] = bool(parts.embedders.model) and marks["embed"].silver_batch < marks["index"].silver_batch
        due += [(stage,) for stage, late in behind.items() if late and work.watermarks.idle(stage, quiet)]
        erasing = any(one.at < quiet for one in work.audit.due(marks["index"].seq))
        waiting = work.deliveries.due(now(), MAX_HOST_ATTEMPTS)
    due += [("erase",)] if erasing or parts.lake.needs_compaction() else []
    due = _without_pending(parts, due)
    for message in due:
        logger.info("sweep: sending {} again", " ".join(message))
        parts.messages.send(*message)
    if waiting:
        parts.messages.send(DELIVER)
    return due


def _without_pending(parts: Parts, due: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Those that neither wait in the queue nor are being handled: a long queue must not grow by messages that it
    has.
    """
    known = {stage: parts.messages.pending(stage) for stage in {message[0] for message in due}}
    landing = {args[0] for args in known.get("land", ())}
    return [one for one in due if (one[1] not in landing if one[0] == "land" else one[1:] not in known[one[0]])]
