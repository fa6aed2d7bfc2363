"""The security log over HTTP."""

from fastapi.testclient import TestClient

from tests.api.conftest import Api

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
        ("token_revoked", "rita", ""),
        ("token_issued", "rita", ""),
        ("login_failed", "", ""),
        ("login_failed", "rita", ""),
    ]
    assert sum(one["count"] for one in client.get(LOG, params={"action": "login_failed"}).json()["items"]) == 4
    assert [secret for secret in ("a-typed-passw0rd", token, made["key"]) if secret in answer.text] == []


def test_the_log_has_pages_and_is_for_admins(api: Api) -> None:
    for name in ("admin", "wendy", "rita"):
        api.stranger.post("/v1/auth/token", auth=(name, f"{name}!"))
    first = api.client.get(LOG, params={"limit": 2}).json()
    rest = api.client.get(first["next"]).json()
    assert [one["actor"] for one in first["items"] + rest["items"]] == ["rita", "wendy", "admin"]
    assert rest["next"] is None
    assert api.client.get(LOG, auth=("wendy", "wendy!")).status_code == 403
    assert api.stranger.get(LOG).status_code == 401
