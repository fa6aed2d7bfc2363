"""Secrets in the database are sealed with a key outside it; migrating seals older plain-text secrets."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from domain.jobs.job import JobWebhook
from domain.saved_searches.saved_search import SavedSearch
from domain.search.queries import SearchQuery
from domain.shared.errors import DamagedError
from domain.webhooks.deliveries import Delivery, DeliveryResult
from domain.webhooks.webhook import Webhook
from infrastructure.files.secret_encryption import FernetCipher
from infrastructure.files.secret_files import DataFolderSecrets
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import current, head, upgrade
from services.ports.parts import Parts
from services.ports.webhooks import WebhookRequest
from services.shared.clock import now
from services.webhooks.outbox import deliver
from tests.api.conftest import Api
from tests.support import back_to, lines, load, release, submit

SECRETS = {name: f"vambrecluster-{name}-secret" for name in ("webhook", "delivery", "search", "token", "job", "key")}


def seals_in(folder: Path) -> FernetCipher:
    return FernetCipher(DataFolderSecrets(folder))


def test_what_was_sealed_is_opened_with_the_same_key_alone(tmp_path: Path) -> None:
    sealed = seals_in(tmp_path / "a").encrypt("größer")
    assert "größer" not in sealed
    assert seals_in(tmp_path / "a").decrypt(sealed) == "größer"
    assert (tmp_path / "a" / "sealing.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(DamagedError, match="backup"):
        seals_in(tmp_path / "b").decrypt(sealed)
    (tmp_path / "b" / "sealing.key").write_bytes(b"short")
    with pytest.raises(DamagedError, match="damaged"):
        seals_in(tmp_path / "b").decrypt(sealed)


def older(parts: Parts) -> str:
    """The warehouse of the version before, with every secret in plain text; its URL."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    load(parts, "a.jsonl", lines([release()]))
    job = submit(
        parts,
        "b.jsonl",
        lines([release("ocds-test01-2")]),
        webhook=JobWebhook(url="https://example.org", secret=SECRETS["job"]),
    )
    moment = now()
    search = {
        "id": "s",
        "owner": "admin",
        "name": "n",
        "parameters": {},
        "query": SearchQuery(),
        "created_at": moment,
        "changed_at": moment,
    }
    back_to(parts.warehouse.url, "0012")
    with parts.warehouse.write() as work:
        work.webhooks.put(
            Webhook(id="w", url="https://example.org", secret=SECRETS["webhook"], events=[], created_at=moment)
        )
        work.saved_searches.put(
            SavedSearch(**search, url="https://example.org", secret=SECRETS["search"], token=SECRETS["token"])
        )
        about = {"url": "https://example.org", "payload": {}, "created_at": moment, "next_at": moment}
        work.deliveries.add([Delivery(ref=job, event="job.finished", secret=SECRETS["delivery"], **about)])
        work.idempotency_keys.claim("admin", SECRETS["key"], "print", [job], moment)
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0011'")
        work.commit()
    return parts.warehouse.url


def on_disk(url: str) -> list[str]:
    """The secrets found in the database files."""
    path = Path(url.removeprefix("sqlite:///"))
    content = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    return [name for name, secret in SECRETS.items() if secret.encode() in content]


def test_secrets_that_stood_in_the_clear_are_sealed_and_keys_hashed(lake_home: Parts, tmp_path: Path) -> None:
    url = older(lake_home)
    assert on_disk(url) == list(SECRETS)
    seals = seals_in(tmp_path)
    upgrade(url, seals=seals)
    assert on_disk(url) == []
    with lake_home.warehouse.read() as work:
        webhook, search = work.webhooks.get("w"), work.saved_searches.get("s")
        assert webhook
        assert seals.decrypt(webhook.secret) == SECRETS["webhook"]
        assert search
        assert search.secret
        assert search.token
        assert [seals.decrypt(search.secret), seals.decrypt(search.token)] == [SECRETS["search"], SECRETS["token"]]
        (delivery,) = work.deliveries.page(limit=10)
        assert seals.decrypt(delivery.secret) == SECRETS["delivery"]
        job = work.jobs.get(delivery.ref)
        assert job
        assert job.webhook
        assert seals.decrypt(job.webhook.secret) == SECRETS["job"]
        assert work.idempotency_keys.is_known(
            "admin", hashlib.sha256(SECRETS["key"].encode()).hexdigest(), "print", now() - timedelta(days=1)
        )
    assert current(url) == head(url)


def test_without_a_key_secrets_are_left_as_they_are_and_nothing_is_migrated(lake_home: Parts) -> None:
    url = older(lake_home)
    with pytest.raises(RuntimeError, match="tenderlake migrate"):
        upgrade(url)
    assert current(url) == "0011"
    assert on_disk(url) == list(SECRETS)


def test_no_secret_that_the_api_gives_out_stands_in_the_database(api: Api) -> None:
    hook = api.client.post("/v1/webhooks", json={"url": "https://example.org/all"}).json()
    search = api.client.post(
        "/v1/searches", json={"name": "all", "query": {}, "webhook": "https://example.org/alerts"}
    ).json()
    job = api.client.post(
        "/v1/uploads", params={"filename": "a.jsonl", "webhook": "https://example.org"}, content=lines([release()])
    )
    api.messages.sent = [one for one in api.messages.sent if one[0] != "deliver"]
    api.work()
    secrets = [hook["secret"], search["secret"], search["feed"].partition("token=")[2], job.headers["webhook-secret"]]
    assert all(len(one) > 20 for one in secrets)
    kept = b"".join(path.read_bytes() for path in api.settings.data_dir.glob("warehouse.db*"))
    assert [one for one in secrets if one.encode() in kept] == []
    assert api.stranger.get(search["feed"]).status_code == 200
    assert api.client.get("/v1/searches").json()["items"][0]["feed"] == search["feed"]


class Kept:
    """A webhook sender that records what is sent."""

    def __init__(self) -> None:
        self.sent: list[WebhookRequest] = []

    def post(self, post: WebhookRequest) -> DeliveryResult:
        self.sent.append(post)
        return DeliveryResult(status=200)


def test_a_secret_that_cannot_be_opened_fails_its_delivery_alone(lake_home: Parts, tmp_path: Path) -> None:
    hooks, seals = Kept(), seals_in(tmp_path / "now")
    parts = replace(lake_home, hooks=hooks, seals=seals)
    about = {"url": "https://example.org", "event": "e", "created_at": now(), "next_at": now()}
    with parts.warehouse.write() as work:
        work.deliveries.add(
            [Delivery(ref="lost", payload={"n": 1}, secret=seals_in(tmp_path / "before").encrypt("x"), **about)]
        )
        work.deliveries.add([Delivery(ref="good", payload={"n": 2}, secret=seals.encrypt("y"), **about)])
        work.commit()
    deliver(parts)
    assert [orjson.loads(one.body) for one in hooks.sent] == [{"n": 2}]
    with parts.warehouse.read() as work:
        ended = {one.ref: (one.status, one.last_error) for one in work.deliveries.page(limit=10)}
    assert ended["good"] == ("delivered", None)
    assert ended["lost"][0] == "failed"
    assert "sealing.key" in str(ended["lost"][1])
