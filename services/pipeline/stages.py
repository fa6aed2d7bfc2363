"""The registry of stages: actors, queues and the sweep derive from it.

A stage is declared where its run is: name, priority, time limit, what is due, what a run does, what it wakes. Clients
see those of `domain.jobs.job.STAGES`.
"""

from services.pipeline.embedding.embed import embed
from services.pipeline.erasing.erase import erase
from services.pipeline.exporting.export import export
from services.pipeline.indexing.index import index
from services.pipeline.landing.land import land
from services.pipeline.marts.refresh_views import marts
from services.pipeline.matching.match import match
from services.pipeline.publishing.publish import publish
from services.pipeline.red_flags.refresh import red_flags
from services.pipeline.refining.refine import refine
from services.pipeline.stage import LeasedStage, Stage
from services.shared.clock import now
from services.webhooks.outbox import DELIVER_ACTOR, MAX_HOST_ATTEMPTS, RUN_SECONDS, deliver

delivery = LeasedStage(
    name=DELIVER_ACTOR,
    run=deliver,
    idle=lambda work, _since: [()] if work.deliveries.due(now(), MAX_HOST_ATTEMPTS) else [],
    time_limit_seconds=2 * int(RUN_SECONDS),
    own_thread=True,
)
STAGES: tuple[Stage, ...] = (
    land,
    refine,
    publish,
    match,
    index,
    red_flags,
    delivery,
    marts,
    embed,
    erase,
    export,
)
