"""The security log over HTTP."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from infrastructure.warehouse.engine import SqlWarehouse
from services.shared.clock import now
from services.users import security_log
from tests.api.conftest import Api
from tests.support import connection_of

LOG = "/v1/audit/security"


def test_logins_failures_and_keys_are_listed_with_the_client_address(api: Api) -> None:
    client = TestClient(api.client.app, client=("10.0.0.9", 1))
    for _ in range(3):
        assert client.get("/v1/jobs", auth=("rita", "wrong")).status_code == 401
    client.post("/v1/auth/token", json={"username": "a-typed-passw0rd", "password": "x"})
    token = client.post("/v1/auth/token", auth=("rita", "rita!")).json()["access_token"]
    client.delete("/v1/auth/token", headers={"Authorization": f"Bearer {token}"})
    client.auth = ("admin", "admin!")
    made = client.post("/v1/api-keys", json={"name": "import", "role": "reader"}).json()
    client.delete(f"/v1/api-keys/{made['id']}")
    answer = client.get(LOG)
    events = answer.json()["items"]
    assert {one["address"] for one in events} == {"10.0.0.9"}
    assert [(one["action"], one["actor"], one["subject"]) for one in events] == [
        ("api_key_revoked", "admin", made["id"]),
        ("api_key_created", "admin", made["id"]),
        ("login_succeeded", "admin", ""),
        ("token_revoked", "rita", ""),
        ("token_issued", "rita", ""),
        ("login_failed", "", ""),
        ("login_failed", "rita", ""),
    ]
    assert sum(one["count"] for one in client.get(LOG, params={"action": "login_failed"}).json()["items"]) == 4
    assert [secret for secret in ("a-typed-passw0rd", token, made["key"]) if secret in answer.text] == []


def test_a_login_by_basic_is_listed_once_per_user_address_and_hour(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = [TestClient(api.client.app, client=(address, 1)) for address in ("10.0.0.1", "10.0.0.2")]
    for client in clients * 3:
        assert client.get("/v1/jobs", auth=("rita", "rita!")).status_code == 200
    assert clients[0].get("/v1/jobs", auth=("rita", "wrong")).status_code == 401

    def logins() -> list[tuple[str, str, int]]:
        bearer = {"Authorization": f"Bearer {token}"}
        found = api.stranger.get(LOG, params={"action": "login_succeeded"}, headers=bearer).json()["items"]
        return [(one["actor"], one["address"], one["count"]) for one in found]

    token = clients[0].post("/v1/auth/token", auth=("admin", "admin!")).json()["access_token"]
    assert logins() == [("rita", "10.0.0.2", 1), ("rita", "10.0.0.1", 1)]
    monkeypatch.setattr(security_log, "now", lambda: now() + timedelta(hours=1))
    for client in clients * 2:
        assert client.get("/v1/jobs", auth=("rita", "rita!")).status_code == 200
    assert logins() == [("rita", address, 1) for address in ("10.0.0.2", "10.0.0.1") * 2]


def test_a_login_that_can_not_be_recorded_is_answered_and_recorded_later(api: Api) -> None:
    warehouse = api.parts.warehouse
    assert isinstance(warehouse, SqlWarehouse)
    with warehouse.write() as work:
        connection_of(work).execute(text("ALTER TABLE security_event RENAME TO security_event_away"))
        work.commit()
    assert api.client.get("/v1/jobs").status_code == 200
    with warehouse.write() as work:
        connection_of(work).execute(text("ALTER TABLE security_event_away RENAME TO security_event"))
        work.commit()
    assert [one["action"] for one in api.client.get(LOG).json()["items"]] == ["login_succeeded"]


def test_the_log_has_pages_and_is_for_admins(api: Api) -> None:
    for name in ("admin", "wendy", "rita"):
        api.stranger.post("/v1/auth/token", auth=(name, f"{name}!"))
    first = api.client.get(LOG, params={"limit": 2}).json()
    rest = api.client.get(first["next"]).json()
    actors = [one["actor"] for one in first["items"] + rest["items"] if one["action"] == "token_issued"]
    assert actors == ["rita", "wendy", "admin"]
    assert rest["next"] is None
    assert api.client.get(LOG, auth=("wendy", "wendy!")).status_code == 403
    assert api.stranger.get(LOG).status_code == 401
