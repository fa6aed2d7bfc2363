"""Cancel and retry."""

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from domain.jobs.job import Job
from services.jobs.retry_and_cancel import COPIED_FIELDS, UNCOPIED_FIELDS
from services.pipeline.landing.land import land
from tests.api.conftest import STAGES, Api
from tests.api.jobs.conftest import FOUR, LINES

BAD = b"{broken\n"


def upload(api: Api, body: bytes = FOUR, name: str = "four.jsonl", **more: Any) -> str:
    job_id: str = api.client.post("/v1/uploads", params={"filename": name}, content=body, **more).json()["id"]
    return job_id


def job(api: Api, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get(f"/v1/jobs/{job_id}").json()
    return found


def test_a_job_that_nobody_began_is_cancelled_and_never_lands(api: Api) -> None:
    job_id = upload(api)
    answer = api.client.delete(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["error"]["detail"] == "cancelled by admin; no record had landed"
    api.work()
    ended = job(api, job_id)
    assert (ended["status"], ended["counts"]["received"]) == ("cancelled", 0)
    assert {stage["status"] for stage in ended["stages"]} == {"pending"}


def test_what_a_half_landed_job_had_committed_stays_and_the_job_says_so(api: Api) -> None:
    api.parts = replace(api.parts, batch_records=2)
    job_id = upload(api, FOUR + b"".join(FOUR.replace(b"aaaaaa", prefix) for prefix in (b"bbbbbb", b"cccccc")))
    while job(api, job_id)["counts"]["accepted"] < 3:  # a first slice of one, and one of two
        actor, *args = api.messages.sent.pop(0)
        STAGES[actor](api.parts, *args)
    answer = api.client.delete(f"/v1/jobs/{job_id}").json()
    assert answer["error"]["detail"] == "cancelled by admin; 3 landed records stay"
    api.work()
    ended = job(api, job_id)
    assert (ended["status"], ended["counts"]["accepted"]) == ("cancelled", 3)
    assert [stage["status"] for stage in ended["stages"][:4]] == ["failed", "done", "done", "done"]
    assert api.client.get("/v1/search").json()["found"] == 3


def test_a_slice_that_was_being_landed_when_its_job_was_cancelled_is_not_committed(api: Api) -> None:
    job_id = upload(api)
    calls: list[int] = []

    class Cancelling:
        """A warehouse in which the job is cancelled just before its batch is committed."""

        def __getattr__(self, name: str) -> Any:
            return getattr(api.parts.warehouse, name)

        @contextmanager
        def write(self) -> Any:
            calls.append(1)
            if len(calls) == 2:
                assert api.client.delete(f"/v1/jobs/{job_id}").status_code == 200
            with api.parts.warehouse.write() as work:
                yield work

    land(replace(api.parts, warehouse=Cancelling()), job_id)
    assert len(calls) >= 2
    api.work()
    assert (job(api, job_id)["status"], job(api, job_id)["counts"]["received"]) == ("cancelled", 0)
    assert api.client.get("/v1/gold/processes").json()["items"] == []


def test_a_job_that_is_landed_or_has_ended_cannot_be_cancelled_and_the_answer_says_why(api: Api) -> None:
    job_id = upload(api)
    actor, *args = api.messages.sent.pop(0)
    assert actor == "land"
    land(api.parts, *args)
    landed = api.client.delete(f"/v1/jobs/{job_id}")
    assert landed.status_code == 409
    assert "has already landed" in landed.json()["detail"]
    api.work()
    ended = api.client.delete(f"/v1/jobs/{job_id}")
    assert ended.status_code == 409
    assert "its status is succeeded" in ended.json()["detail"]
    assert api.client.delete("/v1/jobs/none").status_code == 404


def test_a_reader_may_neither_cancel_nor_retry(api: Api) -> None:
    job_id = upload(api, BAD)
    api.work()
    assert api.client.delete(f"/v1/jobs/{job_id}", auth=("rita", "rita!")).status_code == 403
    assert api.client.post(f"/v1/jobs/{job_id}/retry", auth=("rita", "rita!")).status_code == 403


def test_a_failed_job_is_retried_as_a_new_job_over_the_same_file(api: Api) -> None:
    job_id = upload(api, BAD, "bad.jsonl")
    api.work()
    assert job(api, job_id)["status"] == "failed"
    answer = api.client.post(f"/v1/jobs/{job_id}/retry", auth=("wendy", "wendy!"))
    assert answer.status_code == 202
    again = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{again['id']}"
    assert (again["retry_of"], again["filename"], again["actor"], again["status"]) == (
        job_id,
        "bad.jsonl",
        "wendy",
        "accepted",
    )
    assert again["sha256"] == job(api, job_id)["sha256"]
    assert [stage["status"] for stage in again["stages"][:4]] == ["pending"] * 4
    api.work()
    assert job(api, again["id"])["status"] == "failed"
    assert job(api, job_id)["retry_of"] is None


def test_a_job_with_records_in_quarantine_is_retried_and_the_good_ones_are_unchanged(api: Api) -> None:
    job_id = upload(api, LINES)
    api.work()
    again = api.client.post(f"/v1/jobs/{job_id}/retry").json()
    api.work()
    counts = job(api, again["id"])["counts"]
    assert (counts["accepted"], counts["unchanged"], counts["quarantined"]) == (0, 4, 1)


def test_a_retry_leaves_alone_what_was_changed_or_deleted_since(api: Api) -> None:
    job_id = upload(api, LINES)
    api.work()
    listed = {one["id"]: one["payload"] for one in api.client.get("/v1/raw/releases").json()["items"]}
    corrected, deleted, *others = listed
    patch = {"tender": {"title": "Corrected"}}
    assert api.client.patch(f"/v1/raw/releases/{corrected}", json=patch).status_code == 202
    assert api.client.delete(f"/v1/raw/releases/{deleted}").status_code == 202
    api.work()
    retries = [job_id]
    for retried in (0, 1, 0):  # the upload, the retry, and the upload again
        again = api.client.post(f"/v1/jobs/{retries[retried]}/retry").json()
        retries.append(again["id"])
        api.work()
        counts = job(api, again["id"])["counts"]
        assert (counts["accepted"], counts["unchanged"], counts["quarantined"]) == (0, 4, 1)
        now = {one["id"]: one["payload"] for one in api.client.get("/v1/raw/releases").json()["items"]}
        assert now == {corrected: now[corrected]} | {name: listed[name] for name in others}
        assert now[corrected]["tender"]["title"] == "Corrected"


def test_a_retry_lands_what_the_retried_job_did_not_come_to(api: Api) -> None:
    job_id = upload(api)
    api.client.delete(f"/v1/jobs/{job_id}")
    first, *rest = FOUR.splitlines()
    upload(api, json.dumps(json.loads(first) | {"language": "cy"}).encode(), "later.jsonl")
    api.work()
    assert len(api.client.get("/v1/raw/releases").json()["items"]) == 1
    again = api.client.post(f"/v1/jobs/{job_id}/retry").json()
    api.work()
    counts = job(api, again["id"])["counts"]
    assert (counts["accepted"], counts["unchanged"]) == (len(rest), 1)


def test_a_cancelled_job_can_be_retried(api: Api) -> None:
    job_id = upload(api)
    api.client.delete(f"/v1/jobs/{job_id}")
    again = api.client.post(f"/v1/jobs/{job_id}/retry").json()
    api.work()
    assert (job(api, again["id"])["status"], job(api, again["id"])["counts"]["accepted"]) == ("succeeded", 4)


def test_where_there_is_nothing_to_retry_the_answer_says_why(api: Api) -> None:
    job_id = upload(api)
    waiting = api.client.post(f"/v1/jobs/{job_id}/retry")
    assert waiting.status_code == 409
    assert "has not ended" in waiting.json()["detail"]
    api.work()
    done = api.client.post(f"/v1/jobs/{job_id}/retry")
    assert done.status_code == 409
    assert "none of its records is in quarantine" in done.json()["detail"]
    assert api.client.post("/v1/jobs/none/retry").status_code == 404


def test_a_job_is_not_retried_while_a_retry_of_it_is_under_way(api: Api) -> None:
    job_id = upload(api, BAD)
    api.work()
    first = api.client.post(f"/v1/jobs/{job_id}/retry").json()
    second = api.client.post(f"/v1/jobs/{job_id}/retry")
    assert (second.status_code, second.json()["job"]) == (409, first["id"])
    api.work()
    keyed = [
        api.client.post(f"/v1/jobs/{job_id}/retry", headers={"Idempotency-Key": key}) for key in ("one", "one", "two")
    ]
    assert [answer.status_code for answer in keyed] == [202, 202, 409]
    assert keyed[0].json()["id"] == keyed[1].json()["id"] == keyed[2].json()["job"]


def test_changes_of_which_anything_was_landed_are_not_retried(api: Api) -> None:
    release = json.loads(FOUR.splitlines()[0])
    changed = api.client.post("/v1/raw/releases", json=[release, {"nothing": "good"}]).json()["id"]
    refused = api.client.post("/v1/raw/releases", json=[{"nothing": "good"}]).json()["id"]
    api.work()
    assert [api.client.post(f"/v1/jobs/{one}/retry").status_code for one in (changed, refused)] == [409, 202]


def test_a_job_whose_file_is_gone_cannot_be_retried(api: Api) -> None:
    job_id = upload(api, BAD)
    api.work()
    api.parts.files.path(job(api, job_id)["sha256"]).unlink()
    gone = api.client.post(f"/v1/jobs/{job_id}/retry")
    assert gone.status_code == 410
    assert "upload it again" in gone.json()["detail"]


def test_every_field_of_a_job_is_either_given_when_it_is_accepted_or_its_own() -> None:
    assert set(Job.model_fields) == COPIED_FIELDS | UNCOPIED_FIELDS
    assert not COPIED_FIELDS & UNCOPIED_FIELDS
