"""Webhooks are signed, retried until acknowledged, and listed; forbidden addresses are never called."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook as Signer
from standardwebhooks import WebhookVerificationError

from domain.jobs.job import JobError
from domain.shared.errors import InvalidError
from domain.webhooks.addresses import check_webhook_url, is_internal_address
from domain.webhooks.deliveries import RETRY_DELAYS, DeliveryResult, signed
from domain.webhooks.job_events import EVENT_OF_STATUS
from infrastructure.http.webhook_sender import HttpWebhookSender
from services.pipeline.sweep import sweep
from services.ports.webhooks import WebhookRequest
from services.shared.clock import now
from services.webhooks.outbox import DELIVER_ACTOR, LEASE_DURATION, deliver, enqueue
from tests.api.conftest import Api
from tests.api.jobs.conftest import FOUR, Live, Receiver, until

ROOT = Path(__file__).parents[3]
PREFER = {"Prefer": "wait=20"}


def later(number: int) -> datetime:
    """A time after so many retry waits."""
    return now() + sum(RETRY_DELAYS[:number], LEASE_DURATION * (number + 1))


def heard(receiver: Receiver, number: int) -> list[tuple[dict[str, str], bytes]]:
    until(lambda: len(receiver.heard) >= number)
    assert len(receiver.heard) == number
    return receiver.heard


def settled(live: Live, job_id: str, number: int = 1) -> list[dict[str, Any]]:
    """The job's deliveries, after all of them had a first attempt."""

    def done() -> Any:
        items = live.client.get(f"/v1/jobs/{job_id}/deliveries").json()["items"]
        return items if len(items) == number and all(one["last_status"] or one["last_error"] for one in items) else None

    found: list[dict[str, Any]] = until(done)
    return found


def hook(live: Live, url: str, **more: Any) -> dict[str, Any]:
    answer = live.client.post("/v1/webhooks", json={"url": url} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def verify_function() -> Callable[[str, bytes, dict[str, str]], dict[str, Any]]:
    """The example of docs/jobs.md, executed as it is."""
    page = (ROOT / "docs/jobs.md").read_text()
    code = next(block for block in page.split("```python\n")[1:] if "def verified(" in block).split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "docs/jobs.md", "exec"), names)
    found: Callable[[str, bytes, dict[str, str]], dict[str, Any]] = names["verified"]
    return found


def test_a_jobs_own_webhook_is_told_when_it_ends_and_the_documented_check_accepts_it(
    live: Live, receiver: Receiver
) -> None:
    live.queue.go.set()
    answer = live.upload(params={"webhook": receiver.url}, headers=PREFER)
    assert answer.json()["webhook"] == receiver.url
    secret = answer.headers["webhook-secret"]
    ((headers, body),) = heard(receiver, 1)
    told = verify_function()(secret, body, headers)
    assert told["event"] == headers["x-tenderlake-event"] == "job.finished"
    assert told["job"]["id"] == answer.json()["id"]
    assert told["job"]["counts"] == answer.json()["counts"]
    assert secret not in body.decode()
    (delivery,) = settled(live, answer.json()["id"])
    assert (delivery["status"], delivery["attempts"], delivery["last_status"], delivery["payload"]) == (
        "delivered",
        1,
        200,
        told,
    )
    assert str(delivery["id"]) == headers["webhook-id"]


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the specification's example


def test_the_signature_is_the_one_of_the_specifications_example() -> None:
    moment = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_documented_check_refuses_what_is_not_ours_or_not_of_now() -> None:
    verified, body = verify_function(), b'{"event":"job.finished"}'
    headers = signed(SECRET, "7", now(), body)
    assert verified(SECRET, body, headers) == {"event": "job.finished"}
    for secret, content, changed in [
        ("whsec_" + "A" * 32, body, headers),
        (SECRET, body + b" ", headers),
        (SECRET, body, signed(SECRET, "7", now() - timedelta(hours=1), body)),
        (SECRET, body, headers | {"webhook-id": "8"}),
        (SECRET, body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ]:
        with pytest.raises(WebhookVerificationError):
            verified(secret, content, changed)


@pytest.mark.parametrize(
    "secret", ["my-own-secret-of-old", "whsec_", "whsec_no base64, but a text", "whsec_c2hvcnQ=", "whsec_ä" + "a" * 20]
)
def test_a_secret_that_is_no_key_in_base64_signs_as_its_bytes(secret: str) -> None:
    assert Signer(secret.encode()).verify(b"{}", signed(secret, "7", now(), b"{}")) == {}


def test_a_secret_without_padding_is_read_as_with_it() -> None:
    padded = "whsec_" + "QUJD" * 5 + "QQ=="
    assert Signer(padded).verify(b"{}", signed(padded.rstrip("="), "7", now(), b"{}")) == {}


def test_a_secret_of_ones_own_signs(live: Live, receiver: Receiver) -> None:
    live.queue.go.set()
    mine = {"Webhook-Secret": "my-own-secret-of-old"}
    answer = live.upload(b"{broken", params={"webhook": receiver.url}, headers=PREFER | mine)
    assert answer.headers["webhook-secret"] == mine["Webhook-Secret"]
    ((headers, body),) = heard(receiver, 1)
    told = Signer(mine["Webhook-Secret"].encode()).verify(body, headers)
    assert (told["event"], told["job"]["status"]) == ("job.failed", "failed")
    assert told["job"]["error"]["title"]


def test_standing_webhooks_hear_of_the_events_they_want(live: Live, receiver: Receiver) -> None:
    live.queue.go.set()
    hook(live, f"{receiver.url}/all")
    hook(live, f"{receiver.url}/failed", events=["job.failed"])
    hook(live, f"{receiver.url}/off", active=False)
    live.upload(headers=PREFER)
    live.upload(b"{broken", headers=PREFER)
    live.queue.pause()
    job_id = live.upload().json()["id"]
    live.client.delete(f"/v1/jobs/{job_id}")
    live.queue.go.set()
    heard(receiver, 4)
    assert sorted(one["event"] for one in receiver.events()) == [
        "job.cancelled",
        "job.failed",
        "job.failed",
        "job.finished",
    ]
    assert {one["event"] for one in receiver.events()} == set(EVENT_OF_STATUS.values())


def test_a_receiver_that_fails_stalls_and_recovers_hears_of_it_once_it_can(live: Live, receiver: Receiver) -> None:
    receiver.script = [500, 0, 302, 200]
    job_id = live.upload(params={"webhook": receiver.url}).json()["id"]
    live.queue.go.set()
    (delivery,) = settled(live, job_id)
    assert (delivery["status"], delivery["attempts"], delivery["last_error"]) == ("pending", 1, "answered 500")
    seconds = (datetime.fromisoformat(delivery["next_at"]) - now()).total_seconds()
    assert 0 < seconds <= RETRY_DELAYS[0].total_seconds()
    deliver(live.parts)
    assert len(receiver.heard) == 1, "it is not due yet"
    expected = [
        ("pending", "no answer within 1 s"),
        ("pending", "answered 302 (redirects are not followed)"),
        ("delivered", None),
    ]
    for number, (status, error) in enumerate(expected):
        deliver(live.parts, later(number + 1))
        (delivery,) = settled(live, job_id)
        assert (delivery["status"], delivery["attempts"], delivery["last_error"]) == (status, number + 2, error)
    bodies = {body for _, body in heard(receiver, 4)}
    assert len(bodies) == 1
    assert delivery["delivered_at"]


def test_a_delivery_fails_for_good_after_its_last_attempt_and_can_be_sent_anew(live: Live, receiver: Receiver) -> None:
    receiver.script = [503]
    job_id = live.upload(params={"webhook": receiver.url}).json()["id"]
    live.queue.go.set()
    settled(live, job_id)
    for number in range(len(RETRY_DELAYS) + 2):
        deliver(live.parts, later(len(RETRY_DELAYS)) + LEASE_DURATION * number + timedelta(days=number))
    (delivery,) = settled(live, job_id)
    assert (delivery["status"], delivery["attempts"], delivery["next_at"]) == ("failed", len(RETRY_DELAYS) + 1, None)
    heard(receiver, len(RETRY_DELAYS) + 1)
    receiver.script = [204]
    again = live.client.post(f"/v1/jobs/{job_id}/deliveries/{delivery['id']}/redeliver")
    assert again.status_code == 202
    until(lambda: settled(live, job_id)[0]["status"] == "delivered")
    assert live.client.post(f"/v1/jobs/{job_id}/deliveries/{delivery['id'] + 1}/redeliver").status_code == 404


def test_a_receiver_that_wants_no_more_gets_no_more(live: Live, receiver: Receiver) -> None:
    receiver.script = [410]
    job_id = live.upload(params={"webhook": receiver.url}).json()["id"]
    live.queue.go.set()
    assert settled(live, job_id)[0]["status"] == "failed"


def test_a_receiver_that_hangs_delays_no_other(api: Api, receiver: Receiver, healthy: Receiver) -> None:
    receiver.script, healthy.script = [0], [500, 200]
    parts = replace(api.parts, hooks=HttpWebhookSender(private=True, deadline=8.0))

    def queue(url: str) -> None:
        with parts.warehouse.write() as work:
            enqueue(work, url=url, secret=api.parts.seals.encrypt("s" * 16), event="test", payload={}, ref="thing")
            work.commit()

    def listed() -> dict[str, Any]:
        with parts.warehouse.read() as work:
            items = work.deliveries.page(ref="thing", limit=9)
        return {one.url: one for one in items}

    queue(f"{receiver.url}/hangs")
    run = threading.Thread(target=deliver, args=(parts,))
    run.start()
    until(lambda: receiver.heard)
    queue(healthy.url)
    queue(f"{receiver.url}/another")
    asked = time.monotonic()
    until(lambda: healthy.heard and len(receiver.heard) == 2)
    assert time.monotonic() - asked < 4, "they were told while the receiver hung"
    until(lambda: listed()[healthy.url].attempts)
    hung, told = listed()[f"{receiver.url}/hangs"], listed()[healthy.url]
    assert (hung.status, hung.attempts, hung.next_at) == ("pending", 0, hung.created_at), (
        "a lease is not when it is tried next"
    )
    assert (told.status, told.attempts, told.last_error) == ("pending", 1, "answered 500")
    assert 0 < (told.next_at - now()).total_seconds() <= RETRY_DELAYS[0].total_seconds()
    until(lambda: len(healthy.heard) == 2)
    assert 4 < time.monotonic() - asked < 8, "its second attempt comes after 5 s, while the receiver hangs"
    receiver.release.set()
    run.join()


def test_one_attempt_at_a_time_for_a_url_and_a_few_for_a_host(api: Api) -> None:
    urls = [
        "https://a.example/1",
        "https://a.example/1",
        *(f"https://A.example:443/{number}" for number in range(2, 9)),
        "https://b.example/",
        "https://a.example:8443/",
    ]
    with api.parts.warehouse.write() as work:
        for url in urls:
            enqueue(work, url=url, secret=api.parts.seals.encrypt("s" * 16), event="test", payload={}, ref="thing")
        work.commit()
    moment = now()
    with api.parts.warehouse.write() as work:
        first = [one.url for one in work.deliveries.lease(moment, moment + LEASE_DURATION, 32, 4)]
        assert not work.deliveries.due(moment, 4), "whoever is woken now finds nothing to do"
        assert work.deliveries.lease(moment, moment + LEASE_DURATION, 32, 4) == []
        assert work.deliveries.due(moment + LEASE_DURATION, 4)
        work.commit()
    assert first == ["https://a.example/1", *urls[2:5], *urls[-2:]]
    with api.parts.warehouse.write() as work:
        later_on = [
            one.url for one in work.deliveries.lease(moment + LEASE_DURATION, moment + 2 * LEASE_DURATION, 3, 4)
        ]
        assert later_on == first[:3], "no more than was asked for"


def test_a_burst_to_one_url_is_sent_one_by_one_to_the_end(api: Api, receiver: Receiver) -> None:
    with api.parts.warehouse.write() as work:
        for number in range(50):
            enqueue(
                work,
                url=receiver.url,
                secret=api.parts.seals.encrypt("s" * 16),
                event="test",
                payload={"number": number},
                ref="thing",
            )
        work.commit()
    deliver(replace(api.parts, hooks=HttpWebhookSender(private=True)))
    assert [orjson.loads(body)["number"] for _, body in receiver.heard] == list(range(50))


def test_a_delivery_that_can_not_even_be_sent_stops_no_other(api: Api, receiver: Receiver) -> None:
    real = HttpWebhookSender(private=True)

    class Failing:
        def post(self, post: WebhookRequest) -> DeliveryResult:
            if "broken" in post.url:
                raise RuntimeError("a defect")
            return real.post(post)

    with api.parts.warehouse.write() as work:
        for url in ("https://broken.example/", receiver.url):
            enqueue(work, url=url, secret=api.parts.seals.encrypt("s" * 16), event="test", payload={}, ref="thing")
        work.commit()
    deliver(replace(api.parts, hooks=Failing()))
    assert len(receiver.heard) == 1
    with api.parts.warehouse.read() as reader:
        deliveries = reader.deliveries.page(ref="thing", limit=9)
    told = {one.url: (one.status, one.attempts, one.last_error) for one in deliveries}
    assert told == {
        "https://broken.example/": ("pending", 1, "sending failed: RuntimeError"),
        receiver.url: ("delivered", 1, None),
    }


def test_what_a_killed_run_had_leased_is_sent_after_its_lease(api: Api, receiver: Receiver) -> None:
    with api.parts.warehouse.write() as work:
        enqueue(
            work,
            url=receiver.url,
            secret=api.parts.seals.encrypt("s" * 16),
            event="test",
            payload={"a": 1},
            ref="thing",
        )
        work.commit()
    moment = now()
    with api.parts.warehouse.write() as work:  # leased by a run that is killed
        assert len(work.deliveries.lease(moment, moment + LEASE_DURATION, 32, 4)) == 1
        work.commit()
    parts = replace(api.parts, hooks=HttpWebhookSender(private=True))
    deliver(parts, moment)
    assert receiver.heard == []
    deliver(parts, moment + LEASE_DURATION)
    assert [orjson.loads(body) for _, body in receiver.heard] == [{"a": 1}]
    deliver(parts, moment + 3 * LEASE_DURATION)
    assert len(receiver.heard) == 1


def test_word_is_queued_in_the_transaction_that_ends_the_job_or_not_at_all(api: Api) -> None:
    job_id = api.client.post("/v1/uploads?webhook=https://example.org/", content=FOUR).json()["id"]
    with api.parts.warehouse.write() as work:
        work.jobs.fail(job_id, JobError(title="t", detail="no"), now())  # the process ends before it commits
    assert api.client.get(f"/v1/jobs/{job_id}/deliveries").json()["items"] == []
    assert api.client.get(f"/v1/jobs/{job_id}").json()["status"] == "accepted"
    with api.parts.warehouse.write() as work:
        work.jobs.fail(job_id, JobError(title="t", detail="no"), now())
        work.jobs.fail(job_id, JobError(title="t", detail="again"), now())
        work.commit()
    (delivery,) = api.client.get(f"/v1/jobs/{job_id}/deliveries").json()["items"]
    assert (delivery["event"], delivery["status"]) == ("job.failed", "pending")


def test_the_sweep_sends_what_nobody_was_woken_for(api: Api) -> None:
    with api.parts.warehouse.write() as work:
        enqueue(
            work,
            url="https://example.org/",
            secret=api.parts.seals.encrypt("s" * 16),
            event="test",
            payload={},
            ref="thing",
        )
        work.commit()
    sweep(api.parts)
    assert (DELIVER_ACTOR,) in api.messages.sent


def test_webhooks_are_kept_by_admins_alone_and_their_secret_is_shown_once(live: Live) -> None:
    made = hook(live, "https://example.org/hook", description="ours")
    assert made["secret"].startswith("whsec_")
    assert made["events"] == list(EVENT_OF_STATUS.values())
    listed = live.client.get("/v1/webhooks").json()["items"]
    assert listed == [{name: value for name, value in made.items() if name != "secret"}]
    assert live.client.get(made["links"]["self"]).json() == listed[0]
    for name in ("wendy", "rita"):
        auth = (name, f"{name}!")
        assert live.client.get("/v1/webhooks", auth=auth).status_code == 403
        assert live.client.post("/v1/webhooks", auth=auth, json={"url": "https://example.org/"}).status_code == 403


def test_a_webhook_is_changed_and_removed_with_what_waits_for_it(live: Live, receiver: Receiver) -> None:
    made = hook(live, "http://127.0.0.1:9/away")
    path = made["links"]["self"]
    job_id = live.upload().json()["id"]
    live.queue.go.set()
    assert settled(live, job_id)[0]["last_error"].startswith("ConnectError")
    changed = live.client.put(path, json={"url": receiver.url, "secret": "another-secret-of-mine"})
    assert (changed.status_code, changed.json()["url"]) == (200, receiver.url)
    deliver(live.parts, later(1))
    ((headers, body),) = heard(receiver, 1)
    assert Signer(b"another-secret-of-mine").verify(body, headers)
    (delivery,) = live.client.get(f"{path}/deliveries").json()["items"]
    assert (delivery["ref"], delivery["webhook_id"]) == (job_id, made["id"])
    assert live.client.post(f"{path}/deliveries/{delivery['id']}/redeliver").status_code == 202
    heard(receiver, 2)
    receiver.script = [500]
    live.upload(headers=PREFER)
    until(lambda: len(receiver.heard) == 3)
    assert live.client.delete(path).status_code == 204
    assert [live.client.request(verb, path).status_code for verb in ("GET", "DELETE")] == [404, 404]
    assert live.client.put(path, json={"url": receiver.url}).status_code == 404
    deliver(live.parts, later(3))
    heard(receiver, 3)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "ftp://example.org/"},
        {"url": "https://user:secret@example.org/"},
        {"url": "https:///nowhere"},
        {"url": "https://example.org:99999/"},
        {"url": "https://example.org/", "events": []},
        {"url": "https://example.org/", "events": ["job.begun"]},
        {"url": "https://example.org/", "secret": "short"},
        {"url": "https://example.org/", "surprise": 1},
    ],
)
def test_a_webhook_that_cannot_be_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert api.client.post("/v1/webhooks", json=body).status_code in {400, 422}
    assert api.client.get("/v1/webhooks").json()["items"] == []


INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
]
INSIDE += ["fc00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "ff02::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_internal_addresses_are_known_in_every_dress(address: str) -> None:
    assert is_internal_address(address)
    url = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    with pytest.raises(InvalidError, match="internal address"):
        check_webhook_url(url, private=False)
    assert check_webhook_url(url, private=True) == url


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses_are_let_through(address: str) -> None:
    assert not is_internal_address(address)


def test_an_internal_webhook_is_refused_when_it_is_named(api: Api) -> None:
    for url in ("http://127.0.0.1:9/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data"):
        answer = api.client.post("/v1/uploads", params={"webhook": url}, content=FOUR)
        assert answer.status_code == 400
        assert "TENDERLAKE_WEBHOOK_PRIVATE" in answer.json()["detail"]
    assert api.client.get("/v1/jobs").json()["items"] == []


def test_a_name_that_leads_inside_is_refused_when_it_is_called_and_not_tried_again(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    post = WebhookRequest(f"http://localhost.localdomain:{port}/", b"{}", {})
    # Addresses in other notations resolve like names; they must not reach internal addresses either.
    others = [WebhookRequest(f"http://{host}:{port}/", b"{}", {}) for host in ("2130706433", "0x7f.1", "127.1")]
    hooks = HttpWebhookSender(private=False, deadline=5)
    answers = [hooks.post(one) for one in (post, *others)]
    assert receiver.heard == []
    assert all(one.error for one in answers)
    assert [one.final for one in answers[1:]] == [True] * 3
    assert all("internal address" in (one.error or "") for one in answers[1:])


def test_where_internal_addresses_are_allowed_names_are_called_at_what_they_resolve_to(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    assert HttpWebhookSender(private=True, deadline=5).post(
        WebhookRequest(f"http://localhost:{port}/x?y", b"{}", {})
    ) == DeliveryResult(status=200)
    assert receiver.heard[0][0]["host"] == f"localhost:{port}"


def test_a_secret_without_a_webhook_or_too_short_is_refused(api: Api) -> None:
    assert api.client.post("/v1/uploads", content=FOUR, headers={"Webhook-Secret": "s" * 16}).status_code == 400
    short = {"Webhook-Secret": "short"}
    assert (
        api.client.post(
            "/v1/uploads", params={"webhook": "https://example.org/"}, content=FOUR, headers=short
        ).status_code
        == 400
    )


def test_a_retry_tells_the_webhook_of_the_job_it_retries(live: Live, receiver: Receiver) -> None:
    live.queue.go.set()
    failed = live.upload(b"{broken", params={"webhook": receiver.url}, headers=PREFER)
    heard(receiver, 1)
    again = live.client.post(f"/v1/jobs/{failed.json()['id']}/retry", headers=PREFER)
    assert "webhook-secret" not in again.headers
    ((_, _), (headers, body)) = heard(receiver, 2)
    told = verify_function()(failed.headers["webhook-secret"], body, headers)
    assert told["job"]["id"] == again.json()["id"]
