"""GET /health/…: probes without authentication."""

from fastapi import APIRouter

from api.context import Context
from api.openapi import answers
from api.v1.schemas import Health
from services.maintenance.readiness import readiness

router = APIRouter(prefix="/health", tags=["health"], responses=answers(400, 405, 500))


@router.get("/live")
async def live() -> Health:
    """Whether the process answers, even while all of its threads are busy."""
    return Health()


@router.get("/ready", responses=answers(503, 507))
def ready(context: Context) -> Health:
    """Whether warehouse, queue and search answer."""
    return Health(parts=readiness(context.parts))
