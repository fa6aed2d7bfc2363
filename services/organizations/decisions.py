"""Decisions of admins on pairs of organisations. Each is a job without records: its empty batch wakes the stages, and
the job ends once identities and search follow the decision.
"""

from contextlib import suppress

from domain.jobs.job import Job, JobCounts, JobWebhook, Stage
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.organizations.decisions import Choice, Decision, ordered_pair
from domain.pipeline.batch import LandedSlice
from domain.shared.errors import InvalidError, NotFoundError, RetryableError
from services.jobs.acceptance import new_job
from services.jobs.idempotency import IdempotencyKey, claim_key
from services.jobs.stage_status import active_stages, stage_watermarks, with_stages
from services.ports.queue import MessageQueue
from services.ports.warehouse import ReadUnitOfWork, Warehouse, WriteUnitOfWork
from services.shared.clock import now

COUNTS = JobCounts(received=1, accepted=1)


def decide(
    warehouse: Warehouse,
    messages: MessageQueue,
    pair: tuple[str, str],
    choice: Choice | None,
    *,
    actor: str,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> Job:
    """Force or reject that two organisations are one, or (None) withdraw the decision; returns the job.

    InvalidError for one organisation twice, NotFoundError for an unknown one or without a decision to withdraw.
    """
    left, right = ordered_pair(*pair)
    job = new_job(kind="match", actor=actor, filename="decision", sha256=None, webhook=webhook)
    with warehouse.write() as work:
        known = claim_key(work, idempotency, [job.id]) if idempotency else None
        if known is not None:
            return with_stages(work, work.jobs.get_many(known)[0], stage_watermarks(work))
        if choice is None:
            _require_decision(work, left, right)
        else:
            _require_organizations(work, left, right)
        decision = Decision(left_id=left, right_id=right, decision=choice, actor=actor, decided_at=now())
        work.organization_matches.put_decision(decision)
        _accept(work, job)
        work.commit()
        found = work.jobs.get_many([job.id])[0]
        found.stages = job.stages
    with suppress(RetryableError):  # the sweep sends it
        messages.send("refine")
    return found


def _accept(work: WriteUnitOfWork, job: Job) -> None:
    """Add the job with its only batch, which is empty and committed."""
    job.stages = [Stage(name=name) for name in active_stages(work)]
    work.jobs.add(job)
    work.jobs.start([job.id], now())
    batch = work.batches.open([job.id], now())[0]
    seq = work.batches.commit([(batch, COUNTS, ())], now())[batch.id]
    work.jobs.progress([LandedSlice(job.id, COUNTS, seq, None)], now())


def _require_organizations(work: ReadUnitOfWork, left: str, right: str) -> None:
    if left == right or UNKNOWN in (left, right):
        raise InvalidError("a decision is about two different organisations", organizations=[left, right])
    known = work.organization_matches.identities([left, right])
    for one in (left, right):
        if one not in known:
            raise NotFoundError(f"there is no organisation {one}")


def _require_decision(work: ReadUnitOfWork, left: str, right: str) -> None:
    if not any(one.pair == (left, right) and one.decision for one in work.organization_matches.decisions([left])):
        raise NotFoundError(f"there is no decision on {left} and {right}")
