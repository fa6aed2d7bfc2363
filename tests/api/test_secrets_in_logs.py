"""No log line holds a secret, at the lowest level, in successful and in failed requests."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from loguru import logger
from pydantic import SecretStr

from infrastructure.bootstrap import bootstrap
from infrastructure.logging import LoguruHandler
from infrastructure.settings import Settings
from tests.api.conftest import Api
from tests.applications import application

DATABASE, REDIS, SEARCH = "database-pa55", "redis-pa55", "typesense-k3y"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Log lines, with those of the standard library and tracebacks."""
    written: list[str] = []
    sink = logger.add(lambda line: written.append(str(line)), level="TRACE", backtrace=False, diagnose=False)
    root, handler = logging.getLogger(), LoguruHandler()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
    logger.remove(sink)


def test_passwords_tokens_and_keys_of_callers_are_not_logged(api: Api, lines: list[str]) -> None:
    token = api.client.post("/v1/auth/token").json()["access_token"]
    made = api.client.post("/v1/api-keys", json={"name": "import", "role": "writer"}).json()
    hook = api.client.post("/v1/webhooks", json={"url": "https://example.org/hook"}).json()
    for proof in (token, made["key"], f"{token}x", f"{made['key']}x"):
        api.stranger.get("/v1/jobs", headers={"Authorization": f"Bearer {proof}"})
    api.stranger.get("/v1/jobs", auth=("rita", "wr0ng-passw0rd"))
    api.stranger.post("/v1/auth/token", json={"username": "rita", "password": ["wr0ng-passw0rd"]})
    api.client.post("/v1/api-keys", json={"name": "x", "role": "wr0ng-passw0rd"})
    api.stranger.delete("/v1/auth/token", headers={"Authorization": f"Bearer {token}"})
    logger.info("the log is read")
    log = "".join(lines)
    assert "the log is read" in log
    secrets = [token, made["key"], hook["secret"], "wr0ng-passw0rd", "admin!"]
    assert [secret for secret in secrets if secret in log] == []


def test_addresses_and_keys_of_servers_that_are_away_are_not_logged(api: Api, lines: list[str]) -> None:
    changed = {
        "database_url": f"postgresql+psycopg://tl:{DATABASE}@127.0.0.1:1/tl",
        "redis_url": f"redis://:{REDIS}@127.0.0.1:1/0",
        "typesense_url": "http://127.0.0.1:1",
        "typesense_api_key": SecretStr(SEARCH),
        "connect_seconds": 2.0,
        "typesense_seconds": 0.2,
    }
    settings = Settings(**(api.settings.model_dump() | changed), _env_file=None)
    away = bootstrap(settings)
    answers = []
    for parts in (away, replace(away, warehouse=api.parts.warehouse)):
        with application(settings, parts) as app, TestClient(app) as client:
            client.auth = ("admin", "admin!")
            for path in ("/health/ready", "/v1/jobs", "/v1/search?q=school"):
                answers.append(client.get(path))
            answers.append(client.post("/v1/uploads?filename=a.json", content=b"{}"))
    assert 503 in {answer.status_code for answer in answers}
    assert lines, "outages are logged"
    everything = "".join([*lines, *(answer.text for answer in answers), repr(settings.typesense_api_key)])
    assert [secret for secret in (DATABASE, REDIS, SEARCH) if secret in everything] == []
