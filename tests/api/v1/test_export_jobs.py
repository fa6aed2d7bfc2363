"""Exports that run as jobs."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.shared.errors import UnavailableError
from services.pipeline.exporting import export as stage
from services.pipeline.sweep import sweep
from services.shared.clock import now
from tests.api.conftest import Api
from tests.api.releases import ROADS, releases

AWARDS = "/v1/gold/facts/award?format=csv&sort=ocid,supplier.name&fields=ocid,supplier.name,amount"


def filled(api: Api) -> Api:
    for one in releases():
        api.client.post("/v1/uploads?filename=one.json", content=json.dumps(one).encode())
    api.work()
    return api


def requested(api: Api, path: str = AWARDS) -> dict[str, Any]:
    answer = api.client.get(path, headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    job: dict[str, Any] = answer.json()
    assert (job["type"], job["stages"], job["links"]["file"]) == ("export", [], f"/v1/exports/{job['id']}")
    return job


def state(api: Api, job: dict[str, Any]) -> tuple[str, str | None]:
    found = api.client.get(f"/v1/jobs/{job['id']}").json()
    return found["status"], found["error"] and found["error"]["detail"]


@pytest.mark.parametrize(
    "path",
    [
        AWARDS,
        AWARDS.replace("csv", "parquet"),
        "/v1/gold/dimensions/currency?format=jsonl&sort=code",
        "/v1/gold/facts/award/aggregate?format=csv&measure=sum:amount_base,count&by=currency.code",
        "/v1/marts/spend?format=csv",
    ],
)
def test_the_file_of_a_job_is_the_one_that_is_sent_at_once(api: Api, path: str) -> None:
    job = requested(filled(api), path)
    assert api.client.get(job["links"]["file"]).status_code == 409
    api.work()
    assert state(api, job) == ("succeeded", None)
    at_once, later = api.client.get(path), api.client.get(job["links"]["file"])
    assert later.content == at_once.content
    assert later.headers["content-type"] == at_once.headers["content-type"]


def test_a_long_list_becomes_a_job_by_itself(api: Api) -> None:
    filled(api)
    api.settings.export_max_rows = 6
    assert api.client.get(AWARDS).status_code == 200
    api.settings.export_max_rows = 5
    answer = api.client.get(AWARDS)
    assert (answer.status_code, answer.json()["type"]) == (202, "export")
    api.work()
    assert len(api.client.get(answer.json()["links"]["file"]).text.splitlines()) == 7
    assert api.client.get(f"{AWARDS}&ocid={ROADS}").status_code == 200


def test_a_key_that_was_used_answers_with_its_first_job(api: Api) -> None:
    headers = {"Prefer": "respond-async", "Idempotency-Key": "one"}
    first, again = (api.client.get(AWARDS, headers=headers).json()["id"] for _ in range(2))
    assert first == again


def test_what_can_not_be_written_fails_the_job_with_its_reason(api: Api) -> None:
    job = requested(filled(api), f"{AWARDS}&amuont=1")
    api.work()
    status, reason = state(api, job)
    assert (status, "no field amuont" in str(reason)) == ("failed", True)
    assert api.client.get(job["links"]["file"]).status_code == 409


def test_a_lost_message_or_an_outage_delays_an_export(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    job = requested(filled(api))
    api.messages.sent.clear()
    assert ("export", job["id"]) in sweep(api.parts)
    with monkeypatch.context() as patch:
        patch.setattr(stage, "write_export", lambda *_: (_ for _ in ()).throw(UnavailableError("away")))
        with pytest.raises(UnavailableError):
            api.work()
    assert state(api, job) == ("running", None)
    assert ("export", job["id"]) in sweep(api.parts)
    api.work()
    assert state(api, job) == ("succeeded", None)
    assert not sweep(api.parts)


def test_files_are_deleted_after_a_day(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = requested(filled(api))
    api.work()
    later = now() + timedelta(hours=25)
    monkeypatch.setattr(stage, "now", lambda: later)
    second = requested(api)
    api.work()
    assert [api.client.get(job["links"]["file"]).status_code for job in (first, second)] == [410, 200]
    assert [path.name for path in (api.settings.data_dir / "exports").iterdir()] == [second["id"]]


def test_a_purge_deletes_the_files_and_fails_exports_under_way(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    done = requested(filled(api))
    api.work()
    waiting = requested(api)
    api.messages.sent.clear()
    record = api.client.get("/v1/raw/releases").json()["items"][0]["id"]
    assert api.client.delete(f"/v1/raw/releases/{record}?purge=true").status_code == 202
    api.work()
    assert api.client.get(done["links"]["file"]).status_code == 410
    assert list((api.settings.data_dir / "exports").iterdir()) == []
    api.messages.send("export", waiting["id"])
    api.work()
    status, reason = state(api, waiting)
    assert (status, "purged meanwhile" in str(reason)) == ("failed", True)


def test_a_purge_while_the_file_is_written_deletes_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    job = requested(filled(api))
    save = api.parts.exports.save

    def purged(name: str, file: Any) -> int:
        with api.parts.warehouse.write() as work:
            work.exports.delete([name])
            work.commit()
        return save(name, file)

    monkeypatch.setattr(api.parts.exports, "save", purged)
    api.work()
    assert state(api, job)[0] == "failed"
    assert list((api.settings.data_dir / "exports").iterdir()) == []


def test_exports_are_neither_cancelled_nor_tried_again(api: Api) -> None:
    job = requested(filled(api))
    assert "can't be cancelled" in api.client.delete(f"/v1/jobs/{job['id']}").json()["detail"]
    api.work()
    assert "start a new one" in api.client.post(f"/v1/jobs/{job['id']}/retry").json()["detail"]
    assert api.client.get("/v1/exports/nothing").status_code == 404
    upload = api.client.get("/v1/jobs?type=upload").json()["items"][0]
    assert api.client.get(f"/v1/exports/{upload['id']}").status_code == 404
