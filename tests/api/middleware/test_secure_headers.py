"""Security headers on every response, CORS by setting, and whose X-Forwarded-* headers count."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.app import create_app
from api.auth import client_address
from infrastructure.settings import Settings
from tests.api.conftest import Api

ORIGIN = "https://portal.example.org"


@contextmanager
def served(api: Api, peer: str = "10.1.2.3", **changed: Any) -> Iterator[TestClient]:
    """The application with changed settings, called by `peer`."""
    app = create_app(Settings(**(api.settings.model_dump() | changed), _env_file=None), api.parts)

    @app.get("/test/client")
    def shown(request: Request) -> dict[str, str]:
        return {"address": client_address(request), "scheme": request.url.scheme}

    with TestClient(app, client=(peer, 1)) as client:
        client.auth = ("admin", "admin!")
        yield client


def test_every_response_has_the_headers(full: Api) -> None:
    answers = [
        full.client.get("/v1/jobs"),
        full.stranger.get("/v1/jobs"),
        full.client.get("/nowhere"),
        full.client.get("/v1/jobs?x=%ff"),
        full.client.head("/v1/jobs"),
        full.client.get("/docs"),
        full.client.get("/docs/static/swagger-ui.css"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 404, 400, 200, 200, 200]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
    assert answers[0].headers["content-security-policy"].startswith("default-src 'none'; frame")


def test_the_policy_allows_what_the_docs_page_loads(full: Api) -> None:
    page = full.client.get("/docs")
    policy = page.headers["content-security-policy"]
    assert "://" not in page.text.replace("window.location.origin", ""), "everything comes from this server"
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "connect-src 'self'" in policy


def test_secrets_that_are_shown_once_are_not_stored(api: Api) -> None:
    token = api.client.post("/v1/auth/token")
    webhook = api.client.post("/v1/webhooks", json={"url": "https://example.org/hook"})
    assert [answer.headers["cache-control"] for answer in (token, webhook)] == ["no-store"] * 2


def test_pages_of_other_origins_call_the_api_only_if_a_setting_names_them(api: Api) -> None:
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight["Access-Control-Request-Headers"] = "authorization,content-type,idempotency-key"
    with served(api, cors_origins=ORIGIN) as client:
        asked = client.options("/v1/uploads", headers=preflight)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, ORIGIN)
        got = client.get("/v1/jobs", headers={"Origin": ORIGIN})
        assert got.headers["access-control-allow-origin"] == ORIGIN
        assert "Retry-After" in got.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in got.headers
        assert "cross-origin-resource-policy" not in got.headers
        other = client.get("/v1/jobs", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
    assert api.client.options("/v1/uploads", headers=preflight).status_code == 405


FORWARDED = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize("trusted", ["10.1.2.3", "10.0.0.0/8", "192.0.2.1, 10.1.2.3"])
def test_headers_of_a_trusted_proxy_count(api: Api, trusted: str) -> None:
    with served(api, trusted_proxies=trusted) as client:
        answer = client.get("/test/client", headers=FORWARDED)
    assert answer.json() == {"address": "203.0.113.9", "scheme": "https"}, "what the client itself claims is skipped"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("trusted", "peer"), [("", "127.0.0.1"), ("", "10.1.2.3"), ("10.1.2.4,192.0.2.0/24", "10.1.2.3")]
)
def test_headers_of_anybody_else_do_not(api: Api, trusted: str, peer: str) -> None:
    with served(api, peer, trusted_proxies=trusted) as client:
        answer = client.get("/test/client", headers=FORWARDED)
    assert answer.json() == {"address": peer, "scheme": "http"}
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"trusted_proxies": "proxy.local"},
        {"trusted_proxies": "*"},
        {"cors_origins": "portal"},
        {"cors_origins": f"{ORIGIN}/"},
    ],
)
def test_a_setting_that_would_be_ignored_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**changed, _env_file=None)
