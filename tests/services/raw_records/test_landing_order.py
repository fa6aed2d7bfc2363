"""Changes are landed in the order in which they were accepted; one that builds on an older version is refused."""

from datetime import timedelta
from typing import Any

from domain.raw_records.record import Kind
from infrastructure.warehouse.ledger.idempotency_keys import KEY
from services.jobs.idempotency import KEY_RETENTION
from services.pipeline.landing.land import land
from services.pipeline.landing.raw_job_order import ABANDONED_AFTER
from services.shared.clock import now
from tests.api.conftest import Api
from tests.services.raw_records.support import IDS, RELEASE, done, outcomes, path, release, sound
from tests.support import connection_of

URL = path(Kind.RELEASES, IDS[Kind.RELEASES])


def status(api: Api, job: dict[str, Any]) -> str:
    return str(api.client.get(f"/v1/jobs/{job['id']}").json()["status"])


def test_a_patch_sees_the_post_that_was_accepted_before_it(api: Api) -> None:
    first = api.client.post("/v1/raw/releases", json=RELEASE)
    second = api.client.patch(URL, json={"language": "sw"})
    third = api.client.patch(URL, json={"language": None, "title": "last"})
    assert [one.status_code for one in (first, second, third)] == [202, 202, 202]
    api.messages.sent.reverse()
    api.work()
    assert [status(api, one.json()) for one in (first, second, third)] == ["succeeded"] * 3
    found = api.client.get(URL).json()
    assert (found["version"], found["payload"].get("language"), found["payload"]["title"]) == (3, None, "last")
    assert sound(api) == []


def test_changes_of_one_record_are_landed_in_order_whichever_message_comes_first(api: Api) -> None:
    jobs = [api.client.post("/v1/raw/releases", json=RELEASE | {"title": str(number)}).json() for number in range(5)]
    api.messages.sent = []
    land(api.parts, jobs[3]["id"])  # takes the oldest, and all that wait after it
    assert [status(api, one) for one in jobs] == ["running"] * 5
    api.work()
    versions = api.client.get(f"{URL}/versions").json()["items"]
    assert [one["payload"]["title"] for one in versions] == ["4", "3", "2", "1", "0"]


def test_a_worker_leaves_later_changes_to_the_one_that_is_at_an_older_one(api: Api) -> None:
    jobs = [api.client.post("/v1/raw/releases", json=release(number)).json() for number in range(3)]
    api.messages.sent = []
    with api.parts.warehouse.write() as work:  # another worker is at the first
        work.jobs.claim([jobs[0]["id"]], now())
        work.batches.open([jobs[0]["id"]], now())
        work.commit()
    land(api.parts, jobs[2]["id"])
    api.work()
    assert [status(api, one) for one in jobs] == ["running", "accepted", "accepted"]
    land(api.parts, jobs[0]["id"])  # its message is redelivered after its worker died
    api.work()
    assert [status(api, one) for one in jobs] == ["succeeded"] * 3


def test_a_worker_takes_over_what_another_one_left_long_ago(api: Api) -> None:
    jobs = [api.client.post("/v1/raw/releases", json=release(number)).json() for number in range(3)]
    api.messages.sent = []
    with api.parts.warehouse.write() as work:
        work.jobs.claim([one["id"] for one in jobs], now())
        for one in jobs:
            work.batches.open([one["id"]], now() - ABANDONED_AFTER - timedelta(seconds=1))
        work.commit()
    land(api.parts, jobs[2]["id"])
    api.work()
    assert [status(api, one) for one in jobs] == ["succeeded"] * 3


def test_an_upload_and_a_change_that_are_landed_together_build_on_each_other(api: Api) -> None:
    api.client.post("/v1/uploads", params={"filename": "a.json"}, json=[RELEASE])
    patch = done(api, api.client.patch(URL, json={"title": "patched"}))
    assert [one["version"] for one in outcomes(api, patch)] == [2]
    assert api.client.get(URL).json()["payload"]["title"] == "patched"
    assert sound(api) == []


def test_if_match_refuses_at_once_what_builds_on_an_older_version(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    old = api.client.get(URL).headers["etag"]
    assert done(api, api.client.patch(URL, json={"title": "a"}, headers={"if-match": old}))["status"] == "succeeded"
    new = api.client.get(URL).headers["etag"]
    lost = [
        api.client.patch(URL, json={"title": "b"}, headers={"if-match": old}),
        api.client.put(URL, json=RELEASE, headers={"if-match": f"W/{new}"}),
        api.client.delete(URL, headers={"if-match": old}),
        api.client.put(URL, json=RELEASE, headers={"if-none-match": "*"}),
    ]
    assert [(one.status_code, one.json()["current"]) for one in lost] == [(412, new)] * 4
    assert api.client.delete(URL, headers={"if-match": "nonsense"}).status_code == 422
    assert done(api, api.client.delete(URL, headers={"if-match": f"{old}, {new}"}))["status"] == "succeeded"
    assert api.client.put(URL, json=RELEASE, headers={"if-match": new}).status_code == 412
    assert done(api, api.client.put(URL, json=RELEASE, headers={"if-none-match": "*"}))["status"] == "succeeded"


def test_if_match_holds_for_a_key_that_was_used_long_ago_or_for_another_request(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    request: dict[str, Any] = {
        "json": {"title": "a"},
        "headers": {"if-match": api.client.get(URL).headers["etag"], "idempotency-key": "k"},
    }
    assert done(api, api.client.patch(URL, **request))["status"] == "succeeded"
    assert api.client.patch(URL, **request).status_code == 202, "the same request again"
    assert api.client.patch(URL, **(request | {"json": {"title": "b"}})).status_code == 412
    with api.parts.warehouse.write() as work:
        connection_of(work).execute(KEY.update().values(created_at=now() - KEY_RETENTION - timedelta(minutes=1)))
        work.commit()
    assert api.client.patch(URL, **request).status_code == 412


def test_if_match_refuses_at_landing_what_lost_a_race(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    tag = {"if-match": api.client.get(URL).headers["etag"]}
    won, lost = (
        api.client.patch(URL, json={"title": "won"}, headers=tag),
        api.client.patch(URL, json={"title": "lost"}, headers=tag),
    )
    assert (won.status_code, lost.status_code) == (202, 202)
    api.work()
    assert (status(api, won.json()), status(api, lost.json())) == ("succeeded", "failed")
    error = api.client.get(f"/v1/jobs/{lost.json()['id']}").json()["error"]
    assert (error["status"], error["code"], error["title"]) == (412, "version_conflict", "The change was refused")
    assert api.client.get(URL).json()["payload"]["title"] == "won"


def test_two_that_create_the_same_record_if_it_is_not_there_make_one(api: Api) -> None:
    absent = {"if-none-match": "*"}
    first, second = (
        api.client.put(URL, json=RELEASE | {"title": title}, headers=absent).json() for title in ("first", "second")
    )
    api.work()
    assert (status(api, first), status(api, second)) == ("succeeded", "failed")
    assert api.client.get(URL).json()["payload"]["title"] == "first"


def test_what_is_not_there_is_404_only_where_no_job_could_still_create_it(api: Api) -> None:
    for answer in (
        api.client.delete(URL),
        api.client.patch(URL, json={}),
        api.client.get(URL),
        api.client.get(f"{URL}/versions"),
    ):
        assert answer.status_code == 404
    upload = api.client.post("/v1/uploads", params={"filename": "a.json"}, json=[release(7)])
    late = api.client.delete(URL)
    assert (late.status_code, api.client.get(URL).status_code) == (202, 404)
    assert "still to be landed" in api.client.get(URL).json()["detail"]
    api.work()
    assert (status(api, upload.json()), status(api, late.json())) == ("succeeded", "failed")
    assert api.client.get(f"/v1/jobs/{late.json()['id']}").json()["error"]["status"] == 404
    assert [(one["outcome"], one["code"]) for one in outcomes(api, late.json())] == [("refused", "not_found")]
    assert api.client.delete(URL).status_code == 404
    assert api.client.get(f"{URL}/versions/1").status_code == 404


def test_a_put_under_another_id_is_422_and_a_patch_that_changes_the_id_is_refused(api: Api) -> None:
    wrong = api.client.put(URL, json=release(2))
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["id"]) == (422, "id_mismatch", "ocds-b5fd17-bar-2:r1")
    assert api.client.put(URL, json={**RELEASE, "date": "never"}).json()["path"] == "/date"
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    job = done(api, api.client.patch(URL, json={"ocid": "ocds-b5fd17-bar-2"}))
    assert (job["status"], [one["code"] for one in outcomes(api, job)]) == ("failed", ["id_mismatch"])


def test_a_file_of_operations_that_a_user_uploads_is_not_taken_for_operations(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    job = done(api, api.client.patch(URL, json={"title": "x"}))
    content = (
        api.parts.files.path(job["sha256"]).read_bytes()
        + b'{"op": "delete", "kind": "releases", "id": "ocds-b5fd17-bar-1:r1"}\n'
    )
    done(api, api.client.post("/v1/uploads", params={"filename": "patch-releases.jsonl"}, content=content))
    assert api.client.get(URL).json()["version"] == 2


def test_a_raw_job_whose_file_is_gone_or_damaged_fails_and_the_next_goes_on(api: Api) -> None:
    gone, damaged, good = (api.client.post("/v1/raw/releases", json=release(number)).json() for number in range(3))
    api.parts.files.remove(gone["sha256"])
    api.parts.files.path(damaged["sha256"]).write_bytes(b"[]")
    api.work()
    assert [status(api, one) for one in (gone, damaged, good)] == ["failed", "failed", "succeeded"]
    errors = [api.client.get(f"/v1/jobs/{one['id']}").json()["error"]["detail"] for one in (gone, damaged)]
    assert "is missing from the data folder" in errors[0]
    assert "can't be read" in errors[1]
