"""The marts stage: refreshes stale materialised views, which PostgreSQL can only compute as a whole.

Publish does not wait for it. Running it twice shows the same rows. On SQLite, which has no such views, it does nothing.
"""

from services.marts.refresh import VIEWS_ACTOR
from services.pipeline.stage import LeasedStage
from services.ports.parts import Parts
from services.shared.clock import now


def refresh_views(parts: Parts) -> None:
    """Refresh the stale views, outside of write transactions: readers and writers go on meanwhile."""
    with parts.warehouse.read() as work:
        stale = work.marts.stale_views()
    for name, changes in stale.items():
        as_of = now()
        parts.warehouse.refresh_view(name)
        with parts.warehouse.write() as work:
            work.marts.set_refreshed(as_of, name, changes)
            work.commit()


marts = LeasedStage(
    name=VIEWS_ACTOR,
    run=refresh_views,
    idle=lambda work, _since: [()] if work.marts.stale_views() else [],
    priority=9,
    own_thread=True,
)
