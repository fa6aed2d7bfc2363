"""The application: routers, errors and OpenAPI over the parts of an installation. Making it connects to nothing."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import errors, health
from api.container import Container
from api.door import Door
from api.following import Following
from api.guard import Guard
from api.head import Head
from api.problems import describe
from api.v1 import auth, gold, jobs, raw, search, search_status, searches, synonyms, trail, uploads, webhooks
from api.v1.enrich import router as enrichment
from infrastructure.bootstrap import bootstrap, vault
from infrastructure.settings import Settings
from services.intake.users import Callers
from services.ports import Parts

ABOUT = """
Public-procurement data in, a star schema and search out.

Send files to `POST /v1/uploads`; the answer is a job. When `GET /v1/jobs/{id}` says `succeeded`, its contracting processes stand in
`/v1/gold/…` and `/v1/search` finds them. Every call but health and the token needs HTTP Basic (in UTF-8) or a bearer token. Errors are problem documents
(RFC 9457). `HEAD` answers as `GET` does, without the body. Lists are `{"items", "next"}`, where `next` is the URL of the next page or null. Instants are UTC.

```
curl -u admin:$PASSWORD -F file=@releases.json localhost:8000/v1/uploads
curl -u admin:$PASSWORD 'localhost:8000/v1/search?q=road+works&facet_by=buyer,category'
curl -u admin:$PASSWORD 'localhost:8000/v1/gold/facts/award?currency.code=GBP&sort=-amount'
```
"""
TAGS = [
    {"name": "auth", "description": "tokens"},
    {"name": "uploads", "description": "files in; needs the role writer"},
    {"name": "raw records", "description": "what came in, record by record: read, changed and deleted, one by one or many at once"},
    {"name": "jobs", "description": "what became of what was sent"},
    {"name": "webhooks", "description": "who is told when jobs end; needs the role admin"},
    {"name": "gold", "description": "the star: contracting processes, facts and dimensions"},
    {"name": "search", "description": "contracting processes, organisations and documents, by word and by meaning"},
    {"name": "enrichment", "description": "exchange rates from a public service; needs the role writer"},
    {"name": "saved searches", "description": "searches that tell of new matches, by webhook or Atom feed"},
    {"name": "health", "description": "probes; need no caller"},
]


def create_app(settings: Settings | None = None, parts: Parts | None = None) -> FastAPI:
    """The application over these parts, or over those that the settings name."""
    settings = settings or Settings()
    parts = parts or bootstrap(settings)
    about = {"title": "tenderlake", "version": _version(), "summary": "Open contracting data, refined and searchable", "description": ABOUT}
    # No redirects: Starlette's repeat the request's Host. The pages of /docs come with the product: an installation may be cut off from the internet.
    app = FastAPIOffline(**about, openapi_tags=TAGS, redoc_url=None, static_url="/docs/static", redirect_slashes=False)
    callers = Callers(parts.warehouse, vault(settings).signing_key(), settings.token_minutes)
    app.state.container = Container(settings, parts, callers, Door(callers), seeds, Following(parts.warehouse))
    # Asked in this order which of them serves a request: search first, for people wait for it.
    for module in (search, health, auth, uploads, raw, jobs, trail, webhooks, gold, synonyms, search_status, searches):
        app.include_router(module.router)
    app.include_router(enrichment)
    errors.install(app)
    app.add_middleware(Guard)
    app.add_middleware(Head)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


def seeds() -> Sequence[Path]:
    """The bundled seeds; their generator is loaded only when somebody asks."""
    from seeds.files import bundled

    return bundled()


def _version() -> str:
    try:
        return version("tenderlake")
    except PackageNotFoundError:
        return "0"
