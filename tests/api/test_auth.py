"""Who may call, and what proves it."""

import json
import stat
from asyncio import create_task, gather, run, sleep, wait_for
from base64 import b64encode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import cast
from unicodedata import normalize

import jwt
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from api.password_checks import PasswordChecker
from domain.shared.errors import ConflictError, InvalidError, UnauthorizedError
from domain.users.user import Role, User
from infrastructure.bootstrap import token_signer, vault
from infrastructure.credentials import PASSWORD_HASHER, JwtSigner
from infrastructure.warehouse.unit_of_work import SqlUnitOfWork
from services.users.accounts import add_user, ensure_admin, remove_user
from services.users.authentication import Authenticator
from services.users.login_throttle import LoginThrottle
from tests.api.conftest import Api

TOKEN = "/v1/auth/token"


def bearer(api: Api, name: str, password: str) -> dict[str, str]:
    answer = api.stranger.post(TOKEN, data={"username": name, "password": password})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + b64encode(b"admin").decode()},
        {"Authorization": "Basic " + b64encode(b"\xff\xfe:x").decode()},
        {"Authorization": "Basic " + b64encode(b"admin:wrong").decode()},
        {"Authorization": "Basic " + b64encode(b"nobody:admin!").decode()},
        {"Authorization": "Basic " + b64encode(b"a\0b:admin!").decode()},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Digest x"},
    ],
)
def test_a_caller_who_proves_nothing_gets_401_and_a_challenge(full: Api, headers: dict[str, str]) -> None:
    for path in ("/v1/jobs", "/v1/search", "/v1/gold/facts/award", "/v1/raw/releases/a"):
        answer = full.stranger.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert (
            answer.headers["www-authenticate"] == 'Basic realm="tenderlake", charset="UTF-8", Bearer realm="tenderlake"'
        )
        body = answer.json()
        assert (body["title"], body["status"], body["instance"]) == ("Unauthorized", 401, path)
        assert body["detail"]


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize("password", ["pässwörd-1", "密码密码", "🔑: with a colon", "pa\u0308ssword"])
def test_passwords_beyond_ascii_are_utf_8_on_every_route(api: Api, password: str) -> None:
    add_user(api.parts.warehouse, PASSWORD_HASHER, "umlaut", Role.WRITER, password, "cli:tester")
    composed = normalize("NFC", password)
    for given in (password, composed, normalize("NFD", password)):
        for path in ("/v1/jobs", "/v1/search", "/v1/gold/processes", "/v1/raw/releases"):
            assert api.stranger.get(path, headers=basic("umlaut", given)).status_code == 200
        assert api.stranger.post(TOKEN, headers=basic("umlaut", given)).status_code == 200
        assert api.stranger.post(TOKEN, json={"username": "umlaut", "password": given}).status_code == 200
    assert (
        api.stranger.post("/v1/uploads?filename=a.json", content=b"{}", headers=basic("umlaut", password)).status_code
        == 202
    )
    latin = b64encode("umlaut:pässwörd-1".encode("latin-1")).decode()
    assert api.stranger.get("/v1/jobs", headers={"Authorization": f"Basic {latin}"}).status_code == 401


def test_a_password_that_no_request_could_send_is_refused(api: Api) -> None:
    with pytest.raises(InvalidError, match="UTF-8"):
        add_user(api.parts.warehouse, PASSWORD_HASHER, "umlaut", Role.WRITER, "p\udce4ss", "cli:tester")


def test_a_token_opens_what_its_user_may_open(full: Api) -> None:
    for content in (
        {"data": {"username": "rita", "password": "rita!"}},
        {"json": {"username": "rita", "password": "rita!"}},
        {"auth": ("rita", "rita!")},
    ):
        answer = full.stranger.post(TOKEN, **content)
        assert answer.json()["token_type"] == "bearer"
        assert answer.json()["expires_in"] == 3600
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert full.stranger.get("/v1/jobs", headers=headers).status_code == 200
    assert full.stranger.post("/v1/uploads", content=b"{}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b'{"username": 1, "password": "x"}', b"\xff\xfe", b"username=admin"]
)
def test_credentials_that_cannot_be_read_are_a_400(full: Api, body: bytes) -> None:
    answer = full.stranger.post(TOKEN, content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_wrong_password_gets_no_token(full: Api) -> None:
    assert full.stranger.post(TOKEN, content=b'{"username": "admin", "password": "\\u0000\\ud800"}').status_code in {
        400,
        401,
    }
    assert full.stranger.post(TOKEN, json={"username": "admin", "password": "x" * 5000}).status_code == 401
    assert full.stranger.post(TOKEN, content=b"x" * 20_000).status_code == 413


def test_a_new_password_ends_the_old_one_and_its_tokens_at_once(api: Api) -> None:
    headers = bearer(api, "rita", "rita!")
    assert api.client.get("/v1/jobs", auth=("rita", "rita!")).status_code == 200
    add_user(api.parts.warehouse, PASSWORD_HASHER, "rita", Role.WRITER, "new one", "cli:tester")
    assert api.client.get("/v1/jobs", auth=("rita", "rita!")).status_code == 401
    assert api.stranger.get("/v1/jobs", headers=headers).status_code == 401
    assert api.client.get("/v1/jobs", auth=("rita", "new one")).status_code == 200
    remove_user(api.parts.warehouse, "rita", "cli:tester")
    assert api.client.get("/v1/jobs", auth=("rita", "new one")).status_code == 401
    with pytest.raises(ConflictError):
        remove_user(api.parts.warehouse, "admin", "cli:tester")
    with pytest.raises(ConflictError, match="last admin"):
        add_user(api.parts.warehouse, PASSWORD_HASHER, "admin", Role.READER, "new one", "cli:tester")
    assert api.client.get("/v1/webhooks", auth=("admin", "admin!")).status_code == 200
    add_user(api.parts.warehouse, PASSWORD_HASHER, "wendy", Role.ADMIN, "wendy!", "cli:tester")
    add_user(api.parts.warehouse, PASSWORD_HASHER, "admin", Role.READER, "new one", "cli:tester")
    assert api.client.get("/v1/webhooks", auth=("admin", "new one")).status_code == 403


def test_whoever_guesses_passwords_keeps_no_other_request_waiting(api: Api) -> None:
    app = api.client.app
    assert isinstance(app, FastAPI)
    token = bearer(api, "rita", "rita!")
    events: list[str] = []
    held = Event()

    def slow(name: str, _password: str) -> User:
        held.wait(30)
        events.append(name)
        raise UnauthorizedError("no")

    door = PasswordChecker(
        cast(Authenticator, SimpleNamespace(authenticate=slow, record_failure=lambda *_: None)), LoginThrottle(1_000)
    )
    app.state.container = replace(app.state.container, password_checker=door)

    async def ask() -> None:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
            guesses = [
                create_task(client.get("/v1/search" if n % 2 else "/v1/jobs", auth=("nobody", f"guess {n}")))
                for n in range(100)
            ]
            await sleep(0.2)
            for path in ("/health/live", "/health/ready", "/v1/jobs", "/v1/search"):
                answer = await wait_for(client.get(path, headers=token), 20)
                assert answer.status_code == 200, path
                events.append(path)
            held.set()
            assert {answer.status_code for answer in await gather(*guesses)} == {401}

    run(ask())
    assert events[:4] == ["/health/live", "/health/ready", "/v1/jobs", "/v1/search"]
    assert len(events) == 104


def test_more_passwords_than_can_wait_are_told_to_come_back(full: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.password_checks.MAX_WAITING_REQUESTS", 0)
    answer = full.stranger.get("/v1/jobs", auth=("rita", "never seen"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_tokens_that_expired_or_that_we_did_not_sign_are_refused(full: Api) -> None:
    callers = Authenticator(full.parts.warehouse, PASSWORD_HASHER, token_signer(full.settings), 5)
    user = callers.authenticate("admin", "admin!")
    assert callers.user_of_token(callers.issue_token(user).value).name == "admin"
    callers.lifetime = timedelta(seconds=-1)
    with pytest.raises(UnauthorizedError, match="expired"):
        callers.user_of_token(callers.issue_token(user).value)
    stranger = Authenticator(full.parts.warehouse, PASSWORD_HASHER, JwtSigner(b"k" * 48), 5)
    with pytest.raises(UnauthorizedError):
        callers.user_of_token(stranger.issue_token(user).value)
    with pytest.raises(UnauthorizedError):
        callers.user_of_token(jwt.encode({"sub": "admin"}, "", "none"))


def test_a_revoked_token_is_refused_and_others_of_its_user_are_not(api: Api) -> None:
    first, second = bearer(api, "rita", "rita!"), bearer(api, "rita", "rita!")
    assert api.stranger.delete(TOKEN, headers=first).status_code == 204
    assert api.stranger.get("/v1/jobs", headers=first).status_code == 401
    assert api.stranger.delete(TOKEN, headers=first).status_code == 401
    assert api.stranger.get("/v1/jobs", headers=second).status_code == 200
    assert api.stranger.get("/v1/jobs", headers=bearer(api, "rita", "rita!")).status_code == 200


def test_revocations_are_kept_until_the_token_expires(api: Api) -> None:
    def revoked() -> int:
        with api.parts.warehouse.read() as work:
            assert isinstance(work, SqlUnitOfWork)
            return len(work.connection.exec_driver_sql("SELECT * FROM revoked_token").all())

    callers = Authenticator(api.parts.warehouse, PASSWORD_HASHER, token_signer(api.settings), 5)
    for _ in range(2):
        callers.revoke_token(callers.issue_token(callers.authenticate("rita", "rita!")).value)
    assert revoked() == 2
    with api.parts.warehouse.write() as work:
        work.users.forget_revoked_tokens(datetime.now(UTC) + timedelta(minutes=6))
        work.commit()
    assert revoked() == 0


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), (basic("rita", "rita!"), 400), ({"Authorization": "Bearer tl_x"}, 400)]
)
def test_only_a_token_can_be_revoked_as_one(full: Api, headers: dict[str, str], status: int) -> None:
    assert full.stranger.delete(TOKEN, headers=headers).status_code == status


CLAIMS: list[dict[str, object]] = [
    {"pwd": "pässwörd"},
    {"pwd": "\ud800"},
    {"pwd": 7},
    {"pwd": None},
    {"pwd": {"a": [1]}},
    {"pwd": 10**400},
    {"sub": None},
    {"sub": ["admin"]},
    {"sub": {"a": 1}},
    {"sub": 10**400},
    {"sub": "ädmin"},
    {"sub": "\ud800"},
    {"sub": "admin\0"},
    {"exp": "soon"},
    {"exp": float("inf")},
    {"exp": 10**400},
    {"exp": [1]},
    {"exp": None},
    {"iat": {}},
    {"iat": float("inf")},
    {"nbf": [1]},
    {"aud": 5},
    {"jti": 5},
    {"iss": {"a": 1}},
]


@pytest.mark.parametrize("claims", CLAIMS)
def test_a_token_with_odd_claims_is_a_401(full: Api, claims: dict[str, object]) -> None:
    callers = Authenticator(full.parts.warehouse, PASSWORD_HASHER, token_signer(full.settings), 5)
    good = jwt.decode(
        callers.issue_token(callers.authenticate("admin", "admin!")).value, options={"verify_signature": False}
    )
    payload = json.dumps({**good, **claims}).encode()
    token = jwt.api_jws.encode(payload, vault(full.settings).signing_key(), "HS256")
    answer = full.stranger.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
    expected = 200 if claims.keys() <= {"iss"} or claims == {"exp": 10**400} else 401
    assert (answer.status_code, claims) == (expected, claims)


@pytest.mark.parametrize(
    "payload", [b"[]", b"7", b"null", b"[" * 20_000, b'{"sub":' * 5_000, b"\xff", b"", b"1" * 5_000]
)
def test_a_token_of_anything_but_claims_is_a_401(full: Api, payload: bytes) -> None:
    signed = jwt.api_jws.encode(payload, vault(full.settings).signing_key(), "HS256")
    headed = f"{urlsafe_b64encode(payload).decode().rstrip('=')}.e30.eA"
    for token in (signed, headed):
        answer = full.stranger.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


def test_the_first_start_makes_an_admin_whose_password_only_its_owner_can_read(api: Api) -> None:
    secrets = vault(api.settings)
    assert ensure_admin(api.parts.warehouse, PASSWORD_HASHER, secrets, None) is None, "there is one already"
    with api.parts.warehouse.write() as work:
        work.users.remove("admin")
        work.commit()
    made = ensure_admin(api.parts.warehouse, PASSWORD_HASHER, secrets, None)
    assert made
    kept = api.settings.data_dir / "admin-password"
    assert kept.read_text().strip() == made
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((api.settings.data_dir / "secret.key").stat().st_mode) == 0o600
    assert api.client.get("/v1/jobs", auth=("admin", made)).status_code == 200
    assert ensure_admin(api.parts.warehouse, PASSWORD_HASHER, secrets, api.settings.admin_password) is None
    assert api.client.get("/v1/jobs", auth=("admin", "admin!")).status_code == 200, "the setting is put into force"
    assert not kept.exists()
