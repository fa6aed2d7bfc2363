"""Wrong passwords over HTTP: 429 with Retry-After, for that user and address alone."""

from fastapi.testclient import TestClient

from tests.api.conftest import Api
from tests.api.test_auth import TOKEN, bearer


def guess(api: Api, name: str, address: str = "10.0.0.1") -> int:
    client = TestClient(api.client.app, client=(address, 1))
    return client.post(TOKEN, json={"username": name, "password": "wrong"}).status_code


def test_repeated_wrong_passwords_wait_and_the_user_elsewhere_does_not(api: Api) -> None:
    token = bearer(api, "rita", "rita!")
    assert [guess(api, "rita") for _ in range(12)] == [401] * 10 + [429] * 2
    here = TestClient(api.client.app, client=("10.0.0.1", 1))
    refused = here.post(TOKEN, json={"username": "rita", "password": "rita!"})
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["retry_after"] == 1
    assert here.get("/v1/jobs", headers=token).status_code == 200, "a token is not a guess"
    assert here.get("/v1/jobs", auth=("rita", "rita!")).status_code == 200, "a password that was just right is cached"
    assert here.get("/v1/jobs", auth=("rita", "another")).status_code == 429
    assert guess(api, "wendy") == 401
    assert guess(api, "rita", "10.0.0.2") == 401
    elsewhere = TestClient(api.client.app, client=("10.0.0.2", 1))
    assert elsewhere.post(TOKEN, json={"username": "rita", "password": "rita!"}).status_code == 200


def test_unknown_users_wait_as_known_ones_do(api: Api) -> None:
    assert [guess(api, "nobody") for _ in range(11)] == [guess(api, "rita") for _ in range(11)]
