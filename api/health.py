"""GET /health/…: the probes; they need no caller."""

from fastapi import APIRouter

from api.container import Here
from api.problems import answers
from api.schemas import Health
from services.queries.health import readiness

router = APIRouter(prefix="/health", tags=["health"], responses=answers(400, 405, 500))


@router.get("/live")
async def live() -> Health:
    """Whether the process answers: also while all of its threads are busy."""
    return Health()


@router.get("/ready", responses=answers(503, 507))
def ready(here: Here) -> Health:
    """Whether warehouse, queue and search answer."""
    return Health(parts=readiness(here.parts))
