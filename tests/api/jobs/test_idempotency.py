"""A request repeated with its Idempotency-Key is executed once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from domain.jobs.job import JobFilter
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.ledger.idempotency_keys import KEY
from services.jobs.idempotency import KEY_RETENTION
from services.shared.clock import now
from tests.api.conftest import STAGES, Api
from tests.api.jobs.conftest import FOUR, Live
from tests.support import connection_of

KEYED = {"Idempotency-Key": "order-1"}


def jobs(api: Api) -> int:
    return len(api.client.get("/v1/jobs?limit=1000").json()["items"])


def test_the_same_request_with_the_same_key_answers_with_the_first_job(api: Api) -> None:
    first = api.client.post("/v1/uploads?filename=a.jsonl", content=FOUR, headers=KEYED)
    api.work()
    second = api.client.post("/v1/uploads?filename=a.jsonl", content=FOUR, headers=KEYED)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["status"] == "succeeded"
    assert [stage["status"] for stage in second.json()["stages"][:4]] == ["done"] * 4
    assert jobs(api) == 1
    assert api.messages.sent == []


def test_the_form_and_the_name_in_it_count_as_the_request(api: Api) -> None:
    sent = [
        api.client.post("/v1/uploads", files={"file": (name, FOUR)}, headers=KEYED)
        for name in ("a.jsonl", "a.jsonl", "b.jsonl")
    ]
    assert [one.status_code for one in sent] == [202, 202, 409]
    assert sent[0].json()["id"] == sent[1].json()["id"]


def test_the_same_key_with_another_body_path_or_parameter_is_a_conflict(api: Api) -> None:
    first = api.client.post("/v1/uploads?filename=a.jsonl", content=FOUR, headers=KEYED).json()
    others = [
        api.client.post("/v1/uploads?filename=a.jsonl", content=FOUR + b"\n", headers=KEYED),
        api.client.post("/v1/uploads?filename=b.jsonl", content=FOUR, headers=KEYED),
        api.client.post("/v1/seed", headers=KEYED),
    ]
    assert [one.status_code for one in others] == [409] * 3
    assert others[0].json()["jobs"] == [first["id"]]
    assert jobs(api) == 1


def test_another_callers_key_is_another_key(api: Api) -> None:
    ids = {
        api.client.post("/v1/uploads", content=FOUR, headers=KEYED, auth=(name, f"{name}!")).json()["id"]
        for name in ("admin", "wendy")
    }
    assert len(ids) == 2


def test_a_key_that_cannot_be_is_refused(api: Api) -> None:
    for key in ("", "x" * 256):
        assert api.client.post("/v1/uploads", content=FOUR, headers={"Idempotency-Key": key}).status_code == 400
    assert jobs(api) == 0
    assert list((api.settings.data_dir / "files").glob("??/*")) == [], "nothing was stored for it"


def test_seeds_and_retries_are_made_once(api: Api) -> None:
    seeds = [api.client.post("/v1/seed", headers={"Idempotency-Key": "seed"}).json()["items"] for _ in range(2)]
    assert [one["id"] for one in seeds[0]] == [one["id"] for one in seeds[1]]
    bad = api.client.post("/v1/uploads", content=b"{broken").json()["id"]
    while api.client.get(f"/v1/jobs/{bad}").json()["status"] != "failed":
        actor, *args = api.messages.sent.pop()
        STAGES[actor](api.parts, *args)
    retries = [
        api.client.post(f"/v1/jobs/{bad}/retry", headers={"Idempotency-Key": "again"}).json()["id"] for _ in range(2)
    ]
    assert retries[0] == retries[1] != bad


def test_a_key_is_forgotten_after_a_week_and_not_before(api: Api) -> None:
    assert timedelta(hours=24) <= KEY_RETENTION
    ids = []
    for age in (timedelta(), KEY_RETENTION - timedelta(minutes=1), KEY_RETENTION + timedelta(minutes=1)):
        with api.parts.warehouse.write() as work:
            connection_of(work).execute(KEY.update().values(created_at=now() - age))
            work.commit()
        ids.append(api.client.post("/v1/uploads", content=FOUR, headers=KEYED).json()["id"])
    assert ids[0] == ids[1] != ids[2]


def test_many_at_once_with_one_key_make_one_job(live: Live) -> None:
    with ThreadPoolExecutor(12) as pool:
        sent = list(pool.map(lambda _: live.upload(headers=KEYED), range(36)))
    assert {one.status_code for one in sent} == {202}
    assert len({one.json()["id"] for one in sent}) == 1
    assert isinstance(live.parts.warehouse, SqlWarehouse)
    with live.parts.warehouse.read() as work:
        assert len(work.jobs.page(JobFilter(), None, 100)) == 1
