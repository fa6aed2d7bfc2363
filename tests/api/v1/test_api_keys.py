"""API keys over HTTP: shown once, accepted wherever a token is, refused once revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api

KEYS = "/v1/api-keys"


def create(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.client.post(KEYS, json={"name": "import", "role": "writer"} | body)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made: dict[str, Any] = answer.json()
    return made


def header(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_is_shown_once_and_does_what_its_role_allows(api: Api) -> None:
    made = create(api)
    assert made["key"].startswith(made["hint"])
    assert (made["owner"], made["last_used_at"], made["revoked_at"]) == ("admin", None, None)
    lifetime = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < lifetime <= timedelta(days=90)
    for path in ("/v1/jobs", "/v1/search", "/v1/gold/processes", "/v1/raw/releases", "/v1/quality"):
        assert api.stranger.get(path, headers=header(made["key"])).status_code == 200, path
    assert api.stranger.get("/v1/jobs", headers={"Authorization": f"bearer  {made['key']}"}).status_code == 200
    upload = api.stranger.post("/v1/uploads?filename=a.json", content=b"{}", headers=header(made["key"]))
    assert upload.status_code == 202
    assert api.stranger.get(KEYS, headers=header(made["key"])).status_code == 403, "a writer manages no keys"
    listed = api.client.get(KEYS)
    (shown,) = listed.json()["items"]
    assert shown["last_used_at"] is not None
    assert made["key"] not in listed.text
    assert "hash" not in listed.text
    assert shown == {name: made[name] for name in shown} | {"last_used_at": shown["last_used_at"]}


def test_a_revoked_key_is_a_401_like_any_other(api: Api) -> None:
    made = create(api, role="admin", expires_in_days=1)
    answers = [api.stranger.get("/v1/jobs", headers=header("tl_unknown"))]
    assert api.stranger.delete(f"{KEYS}/{made['id']}", headers=header(made["key"])).status_code == 204
    answers.append(api.stranger.get("/v1/jobs", headers=header(made["key"])))
    bodies = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert bodies[0] == bodies[1]
    assert answers[0].headers["www-authenticate"] == answers[1].headers["www-authenticate"]
    assert api.client.get(KEYS).json()["items"][0]["revoked_at"] is not None
    assert api.client.delete(f"{KEYS}/unknown").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "import"},
        {"name": "import", "role": "owner"},
        {"name": " ", "role": "reader"},
        {"name": "import", "role": "reader", "expires_in_days": 0},
        {"name": "import", "role": "reader", "expires_in_days": 10**9},
        {"name": "import", "role": "reader", "expires": 1},
    ],
)
def test_a_key_that_cannot_be_made_is_a_422(full: Api, body: dict[str, Any]) -> None:
    assert full.client.post(KEYS, json=body).status_code == 422


@pytest.mark.parametrize("user", ["wendy", "rita"])
def test_only_admins_manage_keys(full: Api, user: str) -> None:
    auth = (user, f"{user}!")
    assert full.client.get(KEYS, auth=auth).status_code == 403
    assert full.client.post(KEYS, json={"name": "a", "role": "reader"}, auth=auth).status_code == 403
    assert full.client.delete(f"{KEYS}/any", auth=auth).status_code == 403
    assert full.stranger.get(KEYS).status_code == 401
