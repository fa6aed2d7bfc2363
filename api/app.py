"""The FastAPI application: routers, error handlers and OpenAPI of one installation.

Creating it opens no connections.
"""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import errors, health, metrics_endpoint
from api.context import AppContext
from api.job_watcher import JobWatcher
from api.limits import OpenJobs, RequestRate
from api.metrics.installation_metrics import InstallationMetrics
from api.metrics.request_metrics import RequestMetrics
from api.middleware.head_requests import HeadRequests
from api.middleware.request_guard import RequestGuard
from api.middleware.request_log import RequestLog
from api.middleware.secure_headers import SecureHeaders
from api.middleware.time_limit import TimeLimit
from api.openapi import describe
from api.password_checks import PasswordChecker
from api.v1 import (
    api_keys,
    audit,
    catalog,
    exports,
    gold,
    jobs,
    lineage,
    marts,
    organizations,
    quality,
    raw_records,
    saved_searches,
    search,
    search_status,
    synonyms,
    tokens,
    uploads,
    webhooks,
)
from api.v1.exchange_rates import router as enrichment
from infrastructure.bootstrap import bootstrap, password_hasher, token_signer
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.users.authentication import Authenticator
from services.users.login_throttle import LoginThrottle

ABOUT = """
Loads public-procurement data and serves it as a star schema and a search index.

Send files to `POST /v1/uploads`; the answer is a job. Once `GET /v1/jobs/{id}` shows `succeeded`, the contracting
processes of the file are in `/v1/gold/…` and `/v1/search` finds them. Every call except health and the token needs HTTP
Basic (in UTF-8), a bearer token or an API key. Errors are problem documents (RFC 9457). `HEAD` answers like `GET`,
without a body. Lists are `{"items", "next"}`, where `next` is the URL of the next page or null. Instants are UTC.

```
curl -u admin:$PASSWORD -F file=@releases.json localhost:8000/v1/uploads
curl -u admin:$PASSWORD 'localhost:8000/v1/search?q=road+works&facet_by=buyer,category'
curl -u admin:$PASSWORD 'localhost:8000/v1/gold/facts/award?currency.code=GBP&sort=-amount'
```
"""
TAGS = [
    {"name": "auth", "description": "tokens and API keys"},
    {"name": "uploads", "description": "uploading files; needs the role writer"},
    {"name": "raw records", "description": "raw records: read, change and delete them, singly or in bulk"},
    {"name": "jobs", "description": "state and results of accepted changes"},
    {"name": "webhooks", "description": "subscriptions to the end of jobs; needs the role admin"},
    {"name": "gold", "description": "the star: contracting processes, facts and dimensions"},
    {"name": "lineage", "description": "from rows of gold back to raw records, jobs and files"},
    {"name": "marts", "description": "data marts: spend, concentration, markets, competition, red flags, relations"},
    {"name": "quality", "description": "coverage, consistency checks and notes, by source"},
    {"name": "catalog", "description": "the data catalogue: every table, its columns and their sources"},
    {"name": "organizations", "description": "organisations under all their ids, and which ids mean the same one"},
    {"name": "search", "description": "contracting processes, organisations and documents, by word and by meaning"},
    {"name": "enrichment", "description": "exchange rates from a public service; needs the role writer"},
    {"name": "saved searches", "description": "searches that alert to new matches, by webhook or Atom feed"},
    {"name": "health", "description": "probes and metrics; need no authentication"},
]
CORS: dict[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["Authorization", "Idempotency-Key", "If-Match", "If-None-Match", "Prefer"],
    "expose_headers": ["ETag", "Location", "Retry-After"],
}


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """Create the application over `parts`; without them, over those that the settings name."""
    settings = settings or Settings()
    parts = parts or bootstrap(settings, serving=True)
    metadata = {
        "title": "tenderlake",
        "version": _version(),
        "summary": "Open contracting data, refined and searchable",
        "description": ABOUT,
    }
    # No redirects: Starlette builds them from the Host header of the request. The pages of /docs are served from the
    # package, because an installation may have no access to the internet.
    app = FastAPIOffline(
        **metadata, openapi_tags=TAGS, redoc_url=None, static_url="/docs/static", redirect_slashes=False
    )
    app.state.container = container_of(settings, parts)
    app.state.request_metrics = RequestMetrics()
    # Routes are matched in this order: search first, since users wait for it.
    for module in (
        search,
        health,
        metrics_endpoint,
        tokens,
        api_keys,
        uploads,
        raw_records,
        jobs,
        audit,
        webhooks,
        exports,
        gold,
        lineage,
        marts,
        quality,
        catalog,
        organizations,
        synonyms,
        search_status,
        saved_searches,
    ):
        app.include_router(module.router)
    app.include_router(enrichment)
    errors.install(app)
    app.add_middleware(RequestGuard)
    app.add_middleware(HeadRequests)
    app.add_middleware(TimeLimit)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, **CORS)
    app.add_middleware(SecureHeaders, cross_origin=bool(settings.cors_origins))
    app.add_middleware(RequestLog)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def container_of(settings: Settings, parts: Parts) -> AppContext:
    """The context that endpoints receive as a dependency."""
    authenticator = Authenticator(parts.warehouse, password_hasher(), token_signer(settings), settings.token_minutes)
    watcher = JobWatcher(parts.warehouse)
    metrics = InstallationMetrics(parts, settings.data_dir)
    rate, open_jobs = RequestRate(settings.rate_per_minute), OpenJobs(parts.warehouse, settings.max_open_jobs)
    checker = PasswordChecker(authenticator, LoginThrottle(settings.login_failures))
    return AppContext(settings, parts, authenticator, checker, seeds, watcher, metrics, rate, open_jobs)


def seeds() -> Sequence[Path]:
    """The bundled seed files. The generator is imported only on use."""
    from seeds.files import bundled

    return bundled()


def _version() -> str:
    try:
        return version("tenderlake")
    except PackageNotFoundError:
        return "0"
