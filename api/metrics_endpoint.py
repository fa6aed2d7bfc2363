"""GET /metrics: the state of the installation in the text format of Prometheus."""

import secrets

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.context import Context
from api.openapi import answers
from domain.shared.errors import UnauthorizedError

router = APIRouter(tags=["health"], responses=answers(400, 405, 500))


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **answers(401)})
def metrics(request: Request, context: Context) -> Response:
    """Jobs, stages, queues, requests and memory for Prometheus. Open like the probes, unless a token is set."""
    token = context.settings.metrics_token
    if token is not None and not _has_token(request, token.get_secret_value()):
        raise UnauthorizedError("send the token of TENDERLAKE_METRICS_TOKEN as a bearer token")
    registry = CollectorRegistry()
    registry.register(context.installation_metrics)
    found = generate_latest(registry) + generate_latest(request.app.state.request_metrics.registry)
    return Response(found, media_type=CONTENT_TYPE_LATEST)


def _has_token(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode("latin-1"), token.encode())
